import type {
  Call,
  Cancellation,
  MetadataEntry,
  MetadataInit,
  MetadataValue,
  Operation,
  Random,
  Status,
} from '@breakwater/core';
import { Metadata } from '@breakwater/core';
import { PREVIOUS_ATTEMPTS_KEY } from '@breakwater/resilience';
import { PEER, PEER_CERTIFICATE } from '../transport/transport.js';
import type { Ambient } from './propagation.js';

/** Metadata keys that travel from an incoming call to the calls made while handling it. @see W3C Trace Context */
export const PROPAGATED_KEYS = ['traceparent', 'tracestate', 'x-request-id'] as const;
const REQUEST_ID = 'x-request-id';

/** What a handler knows of the call it serves, beside the request. */
export class CallContext implements Ambient {
  private abort: AbortController | undefined;
  private carried: Metadata | undefined;
  private headerList = Metadata.EMPTY;
  private trailerList = Metadata.EMPTY;
  private headersSent = false;

  constructor(
    private readonly call: Call,
    private readonly random: Random,
  ) {}

  get operation(): Operation {
    return this.call.operation;
  }

  /** Request metadata. */
  get metadata(): Metadata {
    return this.call.metadata;
  }

  /** Instant on the monotonic clock, in ms; `Infinity` when the caller set none. */
  get deadline(): number {
    return this.call.deadline;
  }

  get cancellation(): Cancellation {
    return this.call.cancellation;
  }

  /** True once the caller has gone away or the deadline has passed: whatever is answered now is thrown away. */
  get cancelled(): boolean {
    return this.call.cancellation.cancelled;
  }

  /** `host:port` of the caller. */
  get peer(): string | undefined {
    return this.call.attributes.get(PEER);
  }

  /** Subject of the caller's verified certificate (mTLS). */
  get peerCertificate(): string | undefined {
    return this.call.attributes.get(PEER_CERTIFICATE);
  }

  /** Aborted when the call is cancelled or its deadline passes. Made at the first look: an AbortSignal is not cheap. */
  get signal(): AbortSignal {
    if (this.abort === undefined) {
      const controller = new AbortController();
      this.abort = controller;
      this.call.cancellation.onCancel((status: Status) =>
        controller.abort(new DOMException(status.details, 'AbortError')),
      );
    }
    return this.abort.signal;
  }

  /** The caller's `x-request-id`, or a fresh one, which calls made from here carry on. */
  get requestId(): string {
    return this.propagated.getText(REQUEST_ID) ?? '';
  }

  /** The caller has tried before (`grpc-previous-rpc-attempts`). Calls made from here are then not retried again. */
  get retried(): boolean {
    return this.call.metadata.has(PREVIOUS_ATTEMPTS_KEY);
  }

  get propagated(): Metadata {
    this.carried ??= this.collect();
    return this.carried;
  }

  /**
   * Adds response headers.
   * @throws Error when they have been sent already
   * @throws ConfigError for keys reserved for the protocol and values that cannot be sent
   */
  setHeaders(headers: MetadataInit): void {
    if (this.headersSent)
      throw new Error('response headers have been sent; use setTrailers, or set them before the first message');
    this.headerList = this.headerList.merge(Metadata.of(headers));
  }

  /** Sends the headers of a response stream now, rather than with its first message. */
  sendHeaders(): void {
    if (this.headersSent || this.call.responses === undefined) return;
    this.headersSent = true;
    this.call.responses.headers(this.headerList);
  }

  /**
   * Adds trailing metadata. It is sent when the call ends, well or with a status; not with a defect, whose caller is told
   * nothing but INTERNAL.
   * @throws ConfigError for keys reserved for the protocol and values that cannot be sent
   */
  setTrailers(trailers: MetadataInit): void {
    this.trailerList = this.trailerList.merge(Metadata.of(trailers));
  }

  /** For the server edge. */
  get responseHeaders(): Metadata {
    return this.headerList;
  }

  /** For the server edge. */
  get responseTrailers(): Metadata {
    return this.trailerList;
  }

  private collect(): Metadata {
    const entries: MetadataEntry[] = [];
    for (const key of PROPAGATED_KEYS) {
      const value: MetadataValue | undefined = this.call.metadata.get(key);
      if (value !== undefined) entries.push([key, value]);
      else if (key === REQUEST_ID) entries.push([key, newRequestId(this.random)]);
    }
    return Metadata.fromEntries(entries);
  }
}

function newRequestId(random: Random): string {
  let id = '';
  for (let index = 0; index < 4; index++)
    id += Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return id;
}
