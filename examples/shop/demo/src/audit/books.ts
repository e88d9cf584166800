import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shop } from '@breakwater/contracts';
import type { BankRecord } from '@breakwater-examples/shop-bank';
import { JournalTail } from '@breakwater-examples/shop-common';
import { isUnfinished, type OrderRecord, orderOf } from '@breakwater-examples/shop-orders';

const { OrderStatus } = shop.orders.v1;

/** What the bank's journal says about one idempotency key. */
export interface BankEntry {
  /** Amounts charged, one per charge, in minor units. */
  readonly charges: readonly bigint[];
}

/** Where the shop's journals leave an order. `contradictory`: two instances decided it differently. */
export type OrderEnd = 'accepted' | 'rejected' | 'unfinished' | 'contradictory';

/** The journals of bank and shop, as the audit needs them. */
export interface Books {
  /** By idempotency key, which is the order's id. */
  readonly bank: ReadonlyMap<string, BankEntry>;
  /** By order id. */
  readonly orders: ReadonlyMap<string, OrderEnd>;
}

/** Sums up journal records; those of the orders come as one list per instance. */
export function toBooks(bankRecords: readonly BankRecord[], orderRecords: readonly (readonly OrderRecord[])[]): Books {
  const bank = new Map<string, { charges: bigint[] }>();
  for (const record of bankRecords) {
    if (record.type !== 'charge' || record.status !== 'charged') continue;
    const entry = bank.get(record.idempotencyKey) ?? { charges: [] };
    entry.charges.push(BigInt(record.minorUnits));
    bank.set(record.idempotencyKey, entry);
  }
  const orders = new Map<string, OrderEnd>();
  for (const records of orderRecords) {
    // Within one journal the last record of an order is where that instance left it.
    const ends = new Map<string, OrderEnd>();
    for (const record of records) {
      const order = orderOf(record);
      ends.set(
        order.orderId,
        isUnfinished(order) ? 'unfinished' : order.status === OrderStatus.REJECTED ? 'rejected' : 'accepted',
      );
    }
    for (const [orderId, end] of ends) orders.set(orderId, merge(orders.get(orderId), end));
  }
  return { bank, orders };
}

/** A decision of one instance stands for an order that another one left unfinished. */
function merge(known: OrderEnd | undefined, end: OrderEnd): OrderEnd {
  if (known === undefined || known === 'unfinished') return end;
  return end === 'unfinished' || end === known ? known : 'contradictory';
}

/** Reads the journals while their processes run on. */
export async function readBooks(bankJournal: string, ordersFolder: string): Promise<Books> {
  const names = (await readdir(ordersFolder)).filter((name) => /^orders-.*\.jsonl$/.test(name));
  return toBooks(
    await readAll<BankRecord>(bankJournal),
    await Promise.all(names.map((name) => readAll<OrderRecord>(join(ordersFolder, name)))),
  );
}

/** Orders that somebody still has to bring to an end. */
export const unfinishedIn = ({ orders }: Books): number =>
  [...orders.values()].filter((end) => end === 'unfinished').length;

async function readAll<T>(path: string): Promise<readonly T[]> {
  const tail = new JournalTail<T>(path);
  try {
    return await tail.read();
  } finally {
    await tail.close();
  }
}
