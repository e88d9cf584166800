import type { Call, PolicyEvents, Status } from '@breakwater/core';

/** Tells listeners that `policy` refused `call`; costs one comparison when nobody listens. */
export function reportRejection(events: PolicyEvents, policy: string, call: Call, status: Status): void {
  if (events.listening) events.emit({ type: 'rejected', policy, call, status });
}
