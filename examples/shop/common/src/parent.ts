import { type BreakerState, codeName, type CodeName, type PolicyEvent, type PolicyEvents } from '@breakwater/core';

/** A policy event, cut down to what can leave the process. */
export interface PolicyReport {
  readonly type: PolicyEvent['type'];
  readonly policy: string;
  /** `consul:///payments`, or the service's own name for its server side. */
  readonly target: string;
  /** `Authorize`; empty for events that are not about one call. */
  readonly method: string;
  readonly code?: CodeName;
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly from?: BreakerState;
  readonly to?: BreakerState;
  readonly why?: string;
}

/** What a service tells the process that started it, over Node's IPC channel. Started alone, it tells nobody. */
export type ChildMessage =
  | { readonly kind: 'ready'; readonly host: string; readonly port: number }
  | { readonly kind: 'policy'; readonly event: PolicyReport };

/** Sends a message to the parent process, if there is one that listens. */
export function tellParent(message: ChildMessage): void {
  if (process.send === undefined || !process.connected) return;
  // The parent may be gone by now; `endWithParent` takes care of that.
  process.send(message, undefined, undefined, () => undefined);
}

/** Forwards every policy event to the parent process. @returns a function that ends it */
export function forwardEvents(events: PolicyEvents): () => void {
  if (process.send === undefined) return () => undefined;
  return events.subscribe((event) => tellParent({ kind: 'policy', event: reportOf(event) }));
}

/** Ends this process as SIGTERM would once the parent has gone, however it went: no service is left behind. */
export function endWithParent(): void {
  if (process.send === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening to the channel must not keep the process alive once its service has stopped.
  process.channel?.unref();
}

/** The part of an event that can be sent and counted. */
export function reportOf(event: PolicyEvent): PolicyReport {
  if (event.type === 'breaker_transition') {
    const { type, policy, name, from, to, why } = event;
    return { type, policy, target: name, method: '', from, to, why };
  }
  if (event.type === 'certificates') return { type: event.type, policy: event.policy, target: event.name, method: '' };
  const { type, policy, call } = event;
  const report: PolicyReport = { type, policy, target: call.target, method: call.operation.method };
  if (!('status' in event)) return report;
  const { code, reason, retryAfterMs } = event.status;
  return {
    ...report,
    code: codeName(code),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
