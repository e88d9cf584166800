import type { ClientCall } from './client-call.js';

/** Calls that wait until the peer allows one more stream, in order of arrival. Those that have ended meanwhile are passed over. */
export class WaitingCalls {
  private readonly calls = new Set<ClientCall>();

  get size(): number {
    return this.calls.size;
  }

  add(call: ClientCall): void {
    this.calls.add(call);
  }

  remove(call: ClientCall): void {
    this.calls.delete(call);
  }

  take(): ClientCall | undefined {
    for (const call of this.calls) {
      this.calls.delete(call);
      return call;
    }
    return undefined;
  }
}
