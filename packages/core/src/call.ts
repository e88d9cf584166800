import type { Attributes } from './attributes.js';
import type { Cancellation } from './cancellation.js';
import type { Metadata } from './metadata.js';
import type { Operation } from './operation.js';
import type { Status } from './status.js';

/**
 * Where a leaf puts the response stream of a server-streaming or bidi call.
 * `headers` comes at most once and first; a response without messages may have none.
 */
export interface ResponseSink {
  headers(metadata: Metadata): void;
  /** Takes one message. `true`: send on. A promise is backpressure: send the next one when it has settled. */
  message(message: unknown): true | Promise<void>;
}

/** One unit of work in flight: an RPC, a bus delivery or a saga step. Immutable; derive with `{ ...call }`. */
export interface Call {
  readonly operation: Operation;
  /** What is called, as the caller named it (`consul:///payments`); on the server, the service's own name. */
  readonly target: string;
  /** Instant on the monotonic clock, in ms; `Infinity` when nobody set one. The transport enforces it. */
  readonly deadline: number;
  /** The instant of admission: read once by whoever creates the call, again by `retry` and queues per attempt. */
  readonly now: number;
  readonly metadata: Metadata;
  /** The request message of unary and server-streaming calls; undefined for the others. */
  readonly request: unknown;
  /** The request stream of client-streaming and bidi calls, iterated once by the leaf; undefined for the others. */
  readonly requests: AsyncIterable<unknown> | undefined;
  /** Takes the response stream of server-streaming and bidi calls; undefined for the others. */
  readonly responses: ResponseSink | undefined;
  readonly cancellation: Cancellation;
  /** 1 for the first attempt; raised only by `retry` and `hedge`. */
  readonly attempt: number;
  readonly attributes: Attributes;
  /** Ids of the endpoints that earlier attempts of this call went to; pickers avoid them while others are left. */
  readonly tried: readonly string[];
}

/** Whether the server can have seen the call: certainly not; it said that it did not start it; possibly. */
export type Sent = 'no' | 'refused' | 'unknown';

/** One attempt of a logical call, for error reports. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly status: Status;
  /** Where it went, when it got that far. */
  readonly peer?: string | undefined;
  readonly durationMs: number;
}

export interface Success {
  readonly ok: true;
  /** The response message of unary and client-streaming calls; undefined for the others. */
  readonly value: unknown;
  readonly headers: Metadata;
  readonly trailers: Metadata;
  /** Endpoint id of the peer, when there was one. */
  readonly peer?: string | undefined;
}

export interface Failure {
  readonly ok: false;
  readonly status: Status;
  readonly trailers: Metadata;
  readonly sent: Sent;
  /** Response headers, where any came or, on the server, are to be sent ahead of the status. */
  readonly headers?: Metadata | undefined;
  readonly peer?: string | undefined;
  /** Set by `retry` when there was more than one attempt. */
  readonly attempts?: readonly AttemptRecord[] | undefined;
}

/** Expected failures are values; only defects throw. An outcome is terminal: the RPC is over, whatever its kind. */
export type Outcome = Success | Failure;

/** Settles when the RPC is over, whatever its kind. A rejected promise is a defect of the handler, not an outcome. */
export type Handler = (call: Call) => Promise<Outcome>;
