import type { shop } from '@breakwater/contracts';
import type { Answer } from './told.js';

/** One order as its client saw it. */
export interface LedgerEntry {
  readonly orderId: string;
  /** Name of the phase in which it was due. */
  readonly phase: string;
  readonly minorUnits: bigint;
  /** From the instant it was due, so that a late start counts; in ms. */
  readonly latencyMs: number;
  readonly answer: Answer;
}

/** The clients' own record: what the audit holds against the journals of the shop and the bank. */
export class Ledger {
  readonly entries: LedgerEntry[] = [];

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
  }

  ofPhase(phase: string): readonly LedgerEntry[] {
    return this.entries.filter((entry) => entry.phase === phase);
  }
}

/** Sum of an order's lines, in minor units. */
export const totalOf = ({ lines }: shop.orders.v1.PlaceOrderRequest): bigint =>
  lines.reduce((sum, { quantity, unitPrice }) => sum + BigInt(quantity) * (unitPrice?.minorUnits ?? 0n), 0n);
