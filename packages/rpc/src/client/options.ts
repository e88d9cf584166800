import type { AttributeKey, Cancellation, Metadata, MetadataInit } from '@breakwater/core';
import { attributeKey } from '@breakwater/core';
import type { Ambient } from '../context/propagation.js';
import type { Compression } from '../transport/transport.js';

/** Makes metadata that proves who calls, such as `authorization`. Asked once per attempt. */
export type CallCredentials = (call: {
  readonly target: string;
  readonly path: string;
}) => Promise<MetadataInit> | MetadataInit;

/** What a single call may say beside its request. */
export interface CallOptions {
  /** Total time for the call with all its attempts, in the place of the configured one; `null`: none. The deadline of the incoming call still holds. */
  readonly timeoutMs?: number | null | undefined;
  /** The same as an instant. With `timeoutMs` too, the earlier one holds. */
  readonly deadline?: Date | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  readonly metadata?: MetadataInit | undefined;
  /** The incoming call this one belongs to; default: the one being handled. `null`: none (see also `detach`). */
  readonly parent?: Ambient | null | undefined;
  /** Wait for an endpoint until the deadline instead of failing when there is none. Default false. */
  readonly waitForReady?: boolean | undefined;
  /** Attempts of this call, the first included; 1 turns retries off. Always 1 while a call is handled that is itself a retry. */
  readonly maxAttempts?: number | undefined;
  readonly compression?: Compression | undefined;
  /** In addition to those of the channel. */
  readonly credentials?: CallCredentials | undefined;
  /** Response headers, when they arrive. */
  readonly onHeaders?: ((headers: Metadata) => void) | undefined;
  /** Trailing metadata, when the call has ended, well or not. */
  readonly onTrailers?: ((trailers: Metadata) => void) | undefined;
}

export const CALL_OPTION_KEYS: readonly (keyof CallOptions)[] = [
  'timeoutMs',
  'deadline',
  'signal',
  'metadata',
  'parent',
  'waitForReady',
  'maxAttempts',
  'compression',
  'credentials',
  'onHeaders',
  'onTrailers',
];

/** Set by `CallOptions.waitForReady`; read by the channel. */
export const WAIT_FOR_READY: AttributeKey<boolean> = attributeKey('wait-for-ready');
/** Set by `CallOptions.credentials`; read by the channel. */
export const CALL_CREDENTIALS: AttributeKey<CallCredentials> = attributeKey('call-credentials');

/** A cancellation together with the duty to let go of what it follows. */
export interface OwnedCancellation {
  readonly cancellation: Cancellation;
  release(): void;
}
