import { type Cancellation, Code, type Status } from '@breakwater/core';

export const cancelledByCaller = (details: string): Status => ({
  code: Code.CANCELLED,
  reason: 'CANCELLED',
  details,
  origin: 'local',
});

const bySignal = new WeakMap<AbortSignal, SignalCalls>();

/**
 * The calls that one signal ends, whatever their number, behind one listener: Node warns of a leak beyond ten of them, and
 * each that is added costs more than the one before. Without calls in flight there is none.
 */
class SignalCalls {
  private readonly calls = new Set<Cancellation>();

  constructor(private readonly signal: AbortSignal) {}

  add(call: Cancellation): void {
    if (this.calls.size === 0) this.signal.addEventListener('abort', this.onAbort, { once: true });
    this.calls.add(call);
  }

  remove(call: Cancellation): void {
    if (this.calls.delete(call) && this.calls.size === 0) this.signal.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    const status = abortedBy(this.signal);
    for (const call of this.calls) call.cancel(status);
    this.calls.clear();
  };
}

/** Cancels the call when the signal fires, or at once if it has. @returns a function that ends this, to be called when the call is over */
export function followSignal(signal: AbortSignal, call: Cancellation): () => void {
  if (signal.aborted) {
    call.cancel(abortedBy(signal));
    return () => {};
  }
  let calls = bySignal.get(signal);
  if (calls === undefined) bySignal.set(signal, (calls = new SignalCalls(signal)));
  calls.add(call);
  return () => calls.remove(call);
}

function abortedBy({ reason }: AbortSignal): Status {
  const text = reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : '';
  return cancelledByCaller(text === '' ? 'cancelled by the caller' : `cancelled by the caller: ${text}`);
}
