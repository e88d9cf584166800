import { type Cancellation, type Clock, type ResponseSink, sleep } from '@breakwater/core';
import { type ClientCompatRequest } from '../../gen/connectrpc/conformance/v1/client_compat.pb.js';
import { StreamType } from '../../gen/connectrpc/conformance/v1/config.pb.js';
import { ConformancePayload } from '../../gen/connectrpc/conformance/v1/service.pb.js';
import type { CancelPlan } from './cancel-plan.js';

/** Every response of the suite's service, but that of `Unimplemented`, has this one field. */
export const payloadOf = (response: unknown): ConformancePayload =>
  (response as { readonly payload?: ConformancePayload }).payload ?? ConformancePayload.fromPartial({});

/** The messages of one streaming call in both directions, in the order that its test case asks for. */
export class Exchange implements ResponseSink {
  readonly payloads: ConformancePayload[] = [];
  private sent = 0;
  private over = false;
  private wake: () => void = () => {};

  constructor(
    private readonly request: ClientCompatRequest,
    private readonly plan: CancelPlan,
    private readonly cancellation: Cancellation,
    private readonly clock: Clock,
  ) {}

  /** Requests that the call's end came before. */
  get unsent(): number {
    return this.request.requestMessages.length - this.sent;
  }

  /** The call has its outcome: nobody need wait for a response. */
  end(): void {
    this.over = true;
    this.wake();
  }

  headers(): void {
    // The outcome tells them as well.
  }

  message(message: unknown): true {
    this.payloads.push(payloadOf(message));
    this.plan.received(this.payloads.length);
    this.wake();
    return true;
  }

  async *requests(): AsyncGenerator<Uint8Array> {
    const fullDuplex = this.request.streamType === StreamType.FULL_DUPLEX_BIDI_STREAM;
    for (const [index, { value }] of this.request.requestMessages.entries()) {
      await sleep(this.clock, this.request.requestDelayMs, this.cancellation);
      if (this.over) return;
      this.sent += 1;
      yield value;
      if (fullDuplex) await this.received(index + 1);
    }
    if (!this.plan.beforeClose()) this.plan.afterClose();
  }

  private async received(count: number): Promise<void> {
    while (!this.over && this.payloads.length < count)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
  }
}
