import { detach } from '@breakwater/rpc';
import type { OrderBook } from './order-book.js';
import type { OrderDesk } from './order-desk.js';
import type { OrderEntry } from './order-record.js';

export interface SettlerOptions {
  /** Between two rounds. */
  readonly intervalMs: number;
  /** Orders finished at a time. */
  readonly concurrency: number;
}

/**
 * Brings unfinished orders to an end in the background: charges that were deferred while payments were down, and orders
 * whose process died half-way. Runs outside any call, whose deadline and cancellation must not reach it.
 */
export class Settler {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly book: OrderBook,
    private readonly desk: OrderDesk,
    private readonly options: SettlerOptions,
  ) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.round = detach(() => this.settle());
      void this.round.finally(() => {
        this.round = undefined;
        if (!this.stopped) this.start();
      });
    }, this.options.intervalMs);
  }

  /** Ends after the round that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** One round: the first order alone, to see whether it works again at all; then the others. */
  private async settle(): Promise<void> {
    const queue = [...this.book.unfinished()];
    const first = queue.shift();
    if (first === undefined || !(await this.finish(first))) return;
    const worker = async (): Promise<void> => {
      for (let entry = queue.shift(); entry !== undefined && !this.stopped; entry = queue.shift()) {
        if (!(await this.finish(entry))) queue.length = 0;
      }
    };
    await Promise.all(Array.from({ length: this.options.concurrency }, worker));
  }

  private async finish(entry: OrderEntry): Promise<boolean> {
    try {
      return await this.desk.finish(entry);
    } catch {
      // The policies of the clients have reported why; the next round tries again.
      return false;
    }
  }
}
