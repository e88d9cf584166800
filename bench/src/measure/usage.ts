import { GcWatch } from './gc-watch.js';

/** What a process used between two moments. */
export interface Usage {
  /** CPU of the whole process, all threads, in us. */
  readonly cpuUs: number;
  readonly gcMs: number;
  readonly gcMaxMs: number;
  /** Resident memory at the end. */
  readonly rssBytes: number;
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Measures this process from `begin` to `end`. */
export class UsageMeter {
  private readonly gc = new GcWatch();
  private before = 0;

  async begin(): Promise<void> {
    await this.gc.take();
    this.before = cpuUs();
  }

  async end(): Promise<Usage> {
    // First, so that measuring is not measured.
    const used = cpuUs() - this.before;
    const { totalMs, maxMs } = await this.gc.take();
    return { cpuUs: used, gcMs: totalMs, gcMaxMs: maxMs, rssBytes: process.memoryUsage.rss() };
  }
}
