import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** Pauses of the garbage collector since the last `take`. */
export interface GcPauses {
  readonly totalMs: number;
  readonly maxMs: number;
}

/** Adds up this process' garbage collection pauses. */
export class GcWatch {
  private totalMs = 0;
  private maxMs = 0;
  private readonly observer = new PerformanceObserver((list) => this.add(list.getEntries()));

  constructor() {
    this.observer.observe({ entryTypes: ['gc'] });
  }

  /** What was seen since the last time. Entries come in a turn of their own, so this takes two turns. */
  async take(): Promise<GcPauses> {
    await setImmediate();
    await setImmediate();
    this.add(this.observer.takeRecords());
    const { totalMs, maxMs } = this;
    this.totalMs = 0;
    this.maxMs = 0;
    return { totalMs, maxMs };
  }

  private add(entries: readonly PerformanceEntry[]): void {
    for (const { duration } of entries) {
      this.totalMs += duration;
      this.maxMs = Math.max(this.maxMs, duration);
    }
  }
}
