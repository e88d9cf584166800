import type { Clock, Timer } from '../clock.js';

interface Pending {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that stands still until told to move. Timers fire in order of time, then of setting. */
export class FakeClock implements Clock {
  private current: number;
  private sequence = 0;
  private readonly pending = new Set<Pending>();

  constructor(startMs = 0) {
    this.current = startMs;
  }

  now(): number {
    return this.current;
  }

  wallNow(): number {
    return 1_700_000_000_000 + this.current;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const entry: Pending = { at: this.current + Math.max(0, delayMs), sequence: this.sequence++, callback };
    this.pending.add(entry);
    return { cancel: () => void this.pending.delete(entry) };
  }

  /** Timers that wait; zero at the end of a test means that nothing leaked. */
  get pendingTimers(): number {
    return this.pending.size;
  }

  /** Moves time by `ms`, firing what falls due; promises settle between two timers and before the first. */
  async advance(ms: number): Promise<void> {
    const end = this.current + ms;
    await settleMicrotasks();
    for (let due = this.nextDue(end); due !== undefined; due = this.nextDue(end)) {
      this.pending.delete(due);
      this.current = Math.max(this.current, due.at);
      due.callback();
      await settleMicrotasks();
    }
    this.current = end;
    await settleMicrotasks();
  }

  /** Moves time by `ms` and fires what falls due, without letting promises settle in between. */
  tick(ms: number): void {
    const end = this.current + ms;
    for (let due = this.nextDue(end); due !== undefined; due = this.nextDue(end)) {
      this.pending.delete(due);
      this.current = Math.max(this.current, due.at);
      due.callback();
    }
    this.current = end;
  }

  /** Moves time from timer to timer until `promise` settles. @throws Error when no timer is left and it has not */
  async run<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finished = promise.finally(() => {
      done = true;
    });
    finished.catch(() => {});
    for (;;) {
      await settleMicrotasks();
      if (done) return finished;
      const due = this.nextDue(Number.POSITIVE_INFINITY);
      if (due === undefined) throw new Error('the promise waits for something that is no timer of this clock');
      this.pending.delete(due);
      this.current = Math.max(this.current, due.at);
      due.callback();
    }
  }

  private nextDue(until: number): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.pending) {
      if (entry.at > until) continue;
      if (best === undefined || entry.at < best.at || (entry.at === best.at && entry.sequence < best.sequence))
        best = entry;
    }
    return best;
  }
}

/** Lets every promise that can settle without a timer or I/O settle. */
export async function settleMicrotasks(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
