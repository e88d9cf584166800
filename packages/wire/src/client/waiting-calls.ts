import type { ClientCall } from './client-call.js';

/** Places of calls that have left which are borne before the queue is made anew. */
const SLACK = 1024;

/** Calls that wait until the peer allows one more stream, in order of arrival. */
export class WaitingCalls {
  /** By arrival, from `head` on; a call that has left is passed over when its turn comes. */
  private queue: ClientCall[] = [];
  private head = 0;
  /** The place of each in the queue. The first of a map itself would be searched for behind all that have left. */
  private readonly places = new Map<ClientCall, number>();

  get size(): number {
    return this.places.size;
  }

  add(call: ClientCall): void {
    this.places.set(call, this.queue.push(call) - 1);
  }

  remove(call: ClientCall): void {
    if (this.places.delete(call) && this.queue.length > this.places.size * 2 + SLACK) this.closeRanks();
  }

  take(): ClientCall | undefined {
    for (let call = this.queue[this.head]; call !== undefined; call = this.queue[this.head]) {
      const waits = this.places.get(call) === this.head;
      this.head += 1;
      if (!waits) continue;
      this.remove(call);
      return call;
    }
    return undefined;
  }

  private closeRanks(): void {
    this.queue = [...this.places.keys()];
    this.head = 0;
    for (const [place, call] of this.queue.entries()) this.places.set(call, place);
  }
}
