import { type Cancellation, type Clock, Code, type Status } from '@breakwater/core';
import type { ClientCompatRequest_Cancel as Cancel } from '../../gen/connectrpc/conformance/v1/client_compat.pb.js';

const BY_CALLER: Status = {
  code: Code.CANCELLED,
  origin: 'local',
  reason: 'CANCELLED',
  details: 'cancelled as the test case says',
};

/** Cancels one call at the moment that its test case names; without one it does nothing. */
export class CancelPlan {
  private readonly timing: Cancel['cancelTiming'];

  constructor(
    cancel: Cancel | undefined,
    private readonly cancellation: Cancellation,
    private readonly clock: Clock,
  ) {
    // A plan that names no moment means: as soon as everything is sent.
    this.timing = cancel === undefined ? undefined : (cancel.cancelTiming ?? { $case: 'afterCloseSendMs', value: 0 });
  }

  /** The last request was sent. @returns whether the call is cancelled instead of closing the request stream */
  beforeClose(): boolean {
    if (this.timing?.$case !== 'beforeCloseSend') return false;
    this.cancellation.cancel(BY_CALLER);
    return true;
  }

  /** The request stream is closed in this very turn of the event loop. */
  afterClose(): void {
    if (this.timing?.$case !== 'afterCloseSendMs') return;
    this.clock.setTimer(this.timing.value, () => this.cancellation.cancel(BY_CALLER));
  }

  /** So many response messages have come. */
  received(count: number): void {
    if (this.timing?.$case === 'afterNumResponses' && count === this.timing.value) this.cancellation.cancel(BY_CALLER);
  }
}
