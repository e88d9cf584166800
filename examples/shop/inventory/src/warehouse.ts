import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { JournalTail } from '@breakwater-examples/shop-common';
import { Stock } from './stock.js';
import type { Level, StockLine, StockRecord, StockResult } from './stock-record.js';

/** A stock entry before it is numbered and dated. */
export type StockCommand =
  | {
      readonly type: 'reserve';
      readonly reservationId: string;
      readonly lines: readonly StockLine[];
      readonly expiresAt?: number;
    }
  | { readonly type: 'release'; readonly reservationId: string }
  | { readonly type: 'adjust'; readonly sku: string; readonly delta?: number }
  | { readonly type: 'adjust'; readonly sku: string; readonly counted: number };

/**
 * A stock that several inventory processes share through one log file. Each appends what it wants to happen, then reads
 * the file up to its own entry: what happened is what the entries say in the order of the file. So all instances agree
 * without a lock, and a reservation made through one is known to the others.
 *
 * An append is one write(2) on a file opened for appending, which the kernel does not interleave with others. An entry
 * begins with a line feed of its own, so that one torn by a crash cannot swallow its successor.
 */
export class Warehouse {
  private readonly stock = new Stock();
  private readonly waiting = new Map<string, (result: StockResult) => void>();

  private constructor(
    private readonly file: FileHandle,
    private readonly tail: JournalTail<StockRecord>,
  ) {}

  /** Opens or creates the log in `path` and reads it to its end. */
  static async open(path: string): Promise<Warehouse> {
    await mkdir(dirname(path), { recursive: true });
    const warehouse = new Warehouse(await open(path, 'a'), new JournalTail<StockRecord>(path));
    await warehouse.catchUp();
    return warehouse;
  }

  /** Appends an entry and says what it brought about. */
  async execute(command: StockCommand): Promise<StockResult> {
    const record: StockRecord = { ...command, entryId: randomUUID(), at: Date.now() };
    let result: StockResult | undefined;
    this.waiting.set(record.entryId, (found) => {
      result = found;
    });
    try {
      await this.file.write(`\n${JSON.stringify(record)}\n`);
      await this.catchUp();
    } finally {
      this.waiting.delete(record.entryId);
    }
    if (result === undefined) throw new Error(`the stock log lost entry ${record.entryId}`);
    return result;
  }

  /** Current levels, of all articles or of those asked for; articles nobody ever stocked are left out. */
  async levels(skus: readonly string[] = []): Promise<readonly Level[]> {
    await this.catchUp();
    const now = Date.now();
    return (skus.length === 0 ? this.stock.skus() : skus).flatMap((sku) => this.stock.level(sku, now) ?? []);
  }

  async close(): Promise<void> {
    await this.tail.close();
    await this.file.close();
  }

  private async catchUp(): Promise<void> {
    for (const record of await this.tail.read()) {
      const result = this.stock.apply(record);
      this.waiting.get(record.entryId)?.(result);
    }
  }
}
