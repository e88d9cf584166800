import type { AttemptRecord, Failure } from './call.js';
import { Code, codeName } from './code.js';
import { Metadata, type MetadataInit } from './metadata.js';
import type { AnyDetail, Origin, Reason, Status } from './status.js';

const BRAND = Symbol.for('breakwater.RpcError');

/** Everything but code and details that an `RpcError` can carry. */
export interface RpcErrorOptions {
  readonly reason?: Reason | undefined;
  /** Trailing metadata to send, or as received. */
  readonly metadata?: MetadataInit | undefined;
  readonly richDetails?: readonly AnyDetail[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Where a received error came from. */
export interface RpcErrorContext {
  readonly target: string;
  readonly path: string;
}

/**
 * The one error class that application code sees and throws.
 * Received from a call, it says target, peer and attempts; `throw new RpcError(...)` in a handler states a status.
 * `instanceof` works across copies of this package.
 */
export class RpcError extends Error {
  override readonly name: string = 'RpcError';
  readonly code: Code;
  /** The text without the code in front of it. */
  readonly details: string;
  readonly reason: Reason | undefined;
  readonly metadata: Metadata;
  readonly richDetails: readonly AnyDetail[];
  readonly retryAfterMs: number | undefined;
  origin: Origin = 'handler';
  /** Policy that refused the call, when one did. */
  source: string | undefined;
  /** True for errors a client call ended with: thrown on by a handler, they do not keep their code (see `forward`). */
  received = false;
  target: string | undefined;
  path: string | undefined;
  peer: string | undefined;
  /** One record per attempt when there were several. */
  attempts: readonly AttemptRecord[] = [];

  constructor(code: Code, details: string, options: RpcErrorOptions = {}) {
    super(`${codeName(code)}${options.reason === undefined ? '' : ` (${options.reason})`}: ${details}`);
    if (options.cause !== undefined) this.cause = options.cause;
    this.code = code;
    this.details = details;
    this.reason = options.reason;
    this.metadata = options.metadata === undefined ? Metadata.EMPTY : Metadata.of(options.metadata);
    this.richDetails = options.richDetails ?? [];
    this.retryAfterMs = options.retryAfterMs;
    Object.defineProperty(this, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** The error of a failed call, for the caller. */
  static fromFailure(failure: Failure, context: RpcErrorContext): RpcError {
    const { status } = failure;
    const error = new RpcError(status.code, status.details, {
      reason: status.reason,
      metadata: failure.trailers,
      richDetails: status.richDetails,
      retryAfterMs: status.retryAfterMs,
      cause: status.cause,
    });
    error.received = true;
    error.origin = status.origin;
    error.source = status.source;
    error.target = context.target;
    error.path = context.path;
    error.peer = failure.peer;
    error.attempts = failure.attempts ?? [];
    const attempts = error.attempts.length > 1 ? ` after ${error.attempts.length} attempts` : '';
    const peer = failure.peer === undefined ? '' : `, peer ${failure.peer}`;
    error.message = `${error.message} [${context.path} at ${context.target}${peer}${attempts}]`;
    return error;
  }

  /**
   * States that a received error is to reach this server's own caller as it is: code, details, reason and rich details.
   * Without it a received error becomes INTERNAL, or a non-retryable UNAVAILABLE / RESOURCE_EXHAUSTED.
   */
  static forward(error: unknown): RpcError {
    const from = RpcError.from(error);
    return new RpcError(from.code, from.details, {
      reason: from.reason,
      richDetails: from.richDetails,
      retryAfterMs: from.retryAfterMs,
      cause: error,
    });
  }

  /** An `RpcError` stays; anything else becomes UNKNOWN with the thrown value as its cause. */
  static from(error: unknown): RpcError {
    if (error instanceof RpcError) return error;
    const details = error instanceof Error ? error.message : String(error);
    return new RpcError(Code.UNKNOWN, details, { cause: error });
  }

  /** The same facts as a plain value. */
  toStatus(): Status {
    return {
      code: this.code,
      details: this.details,
      origin: 'handler',
      reason: this.reason,
      retryAfterMs: this.retryAfterMs,
      richDetails: this.richDetails.length === 0 ? undefined : this.richDetails,
      cause: this.cause,
    };
  }
}
