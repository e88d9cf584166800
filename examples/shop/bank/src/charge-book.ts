import { randomUUID } from 'node:crypto';
import { Code, RpcError } from '@breakwater/core';
import type { shop } from '@breakwater/contracts';
import { invalid, Journal, showMoney } from '@breakwater-examples/shop-common';
import { type BankRecord, type ChargeRecord, type RefundRecord, toCharge } from './charge-record.js';

type Charge = shop.bank.v1.Charge;
type Money = shop.money.v1.Money;

export interface ChargeOrder {
  readonly idempotencyKey: string;
  readonly amount: Money;
  readonly reference: string;
  /** Set when the bank is to decline: the words for it. */
  readonly declineReason?: string | undefined;
}

export interface RefundOrder {
  readonly idempotencyKey: string;
  readonly chargeId: string;
  /** Everything that is left when undefined. */
  readonly amount?: Money | undefined;
}

/** What the bank did: `replayed` when the key had been decided before and no money moved now. */
export interface Booking {
  readonly charge: Charge;
  readonly replayed: boolean;
}

export interface ChargeBookOptions {
  /** False: every request is booked anew, whatever its key. For showing what deduplication is good for. Default true. */
  readonly dedupe?: boolean;
}

/**
 * The bank's books. A booking is on the disk before it is answered, and one idempotency key is booked once, also when
 * two requests with it arrive at the same time or the process died in between.
 */
export class ChargeBook {
  private readonly charges = new Map<string, ChargeRecord>();
  /** By key; the promise is pending while the record is on its way to the disk. */
  private readonly chargeByKey = new Map<string, Promise<ChargeRecord>>();
  private readonly refundByKey = new Map<string, Promise<RefundRecord>>();
  private readonly refunded = new Map<string, bigint>();

  private constructor(
    private readonly journal: Journal<BankRecord>,
    private readonly dedupe: boolean,
    /** Bytes of a torn last line that were cut off when the book was opened. */
    readonly tornBytes: number,
  ) {}

  /** Opens the books in `path`, as they were left. @throws JournalError when the file is damaged */
  static async open(path: string, { dedupe = true }: ChargeBookOptions = {}): Promise<ChargeBook> {
    const { journal, records, tornBytes } = await Journal.open<BankRecord>(path);
    const book = new ChargeBook(journal, dedupe, tornBytes);
    for (const record of records) book.restore(record);
    return book;
  }

  /** Charges once per key. @throws RpcError INVALID_ARGUMENT for a known key with another amount */
  async charge(order: ChargeOrder): Promise<Booking> {
    const known = this.dedupe ? this.chargeByKey.get(order.idempotencyKey) : undefined;
    if (known !== undefined) {
      const record = await known;
      requireSameAmount(record, order.amount);
      return this.booking(record, true);
    }
    const record: ChargeRecord = {
      type: 'charge',
      chargeId: `ch_${randomUUID()}`,
      idempotencyKey: order.idempotencyKey,
      minorUnits: String(order.amount.minorUnits),
      currencyCode: order.amount.currencyCode,
      status: order.declineReason === undefined ? 'charged' : 'declined',
      ...(order.declineReason === undefined ? {} : { declineReason: order.declineReason }),
      reference: order.reference,
      at: wallClockMs(),
    };
    const written = this.write(record, this.chargeByKey);
    this.charges.set(record.chargeId, await written);
    return this.booking(record, false);
  }

  /** Gives money back, once per key. @throws RpcError NOT_FOUND, FAILED_PRECONDITION or INVALID_ARGUMENT */
  async refund(order: RefundOrder): Promise<Booking> {
    const charge = this.charges.get(order.chargeId);
    if (charge === undefined)
      throw new RpcError(Code.NOT_FOUND, `no charge ${order.chargeId}`, { reason: 'NO_CHARGE' });
    const known = this.dedupe ? this.refundByKey.get(order.idempotencyKey) : undefined;
    if (known !== undefined) {
      const record = await known;
      if (record.chargeId !== order.chargeId)
        throw invalid('idempotency_key', 'was used for the refund of another charge');
      if (order.amount !== undefined && String(order.amount.minorUnits) !== record.minorUnits)
        throw invalid('idempotency_key', 'was used for a refund of another amount');
      return this.booking(charge, true);
    }
    const minorUnits = this.refundable(charge, order.amount);
    const record: RefundRecord = {
      type: 'refund',
      chargeId: charge.chargeId,
      idempotencyKey: order.idempotencyKey,
      minorUnits: String(minorUnits),
      at: wallClockMs(),
    };
    // Taken off before the disk has it: two refunds at the same time must not both find the money.
    this.addRefunded(record);
    try {
      await this.write(record, this.refundByKey);
    } catch (error) {
      this.refunded.set(charge.chargeId, this.refundedOf(charge) - minorUnits);
      throw error;
    }
    return this.booking(charge, false);
  }

  /** The charge with this id, if there is one on the disk. */
  byId(chargeId: string): Charge | undefined {
    const record = this.charges.get(chargeId);
    return record === undefined ? undefined : toCharge(record, this.refundedOf(record));
  }

  /** The charge under this key, waiting for one that is being written. */
  async byKey(idempotencyKey: string): Promise<Charge | undefined> {
    const record = await this.chargeByKey.get(idempotencyKey);
    return record === undefined ? undefined : toCharge(record, this.refundedOf(record));
  }

  /** Charges on the disk, declined ones included. */
  get size(): number {
    return this.charges.size;
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  private async write<R extends BankRecord>(record: R, byKey: Map<string, Promise<R>>): Promise<R> {
    const written = this.journal.append(record).then(() => record);
    byKey.set(record.idempotencyKey, written);
    try {
      return await written;
    } catch (error) {
      byKey.delete(record.idempotencyKey);
      throw error;
    }
  }

  private restore(record: BankRecord): void {
    if (record.type === 'refund') {
      this.refundByKey.set(record.idempotencyKey, Promise.resolve(record));
      this.addRefunded(record);
      return;
    }
    this.charges.set(record.chargeId, record);
    this.chargeByKey.set(record.idempotencyKey, Promise.resolve(record));
  }

  private refundable(charge: ChargeRecord, amount: Money | undefined): bigint {
    const left = (charge.status === 'charged' ? BigInt(charge.minorUnits) : 0n) - this.refundedOf(charge);
    const wanted = amount?.minorUnits ?? left;
    if (amount !== undefined && amount.currencyCode !== charge.currencyCode)
      throw invalid('amount.currency_code', `is ${amount.currencyCode}, but the charge was in ${charge.currencyCode}`);
    if (wanted <= 0n || wanted > left) {
      const currencyCode = charge.currencyCode;
      const details = `${showMoney({ minorUnits: wanted, currencyCode })} cannot be given back: ${showMoney({ minorUnits: left, currencyCode })} is left of charge ${charge.chargeId}`;
      throw new RpcError(Code.FAILED_PRECONDITION, details, { reason: 'REFUND_EXCEEDS_CHARGE' });
    }
    return wanted;
  }

  private addRefunded({ chargeId, minorUnits }: RefundRecord): void {
    this.refunded.set(chargeId, (this.refunded.get(chargeId) ?? 0n) + BigInt(minorUnits));
  }

  private refundedOf({ chargeId }: ChargeRecord): bigint {
    return this.refunded.get(chargeId) ?? 0n;
  }

  private booking(record: ChargeRecord, replayed: boolean): Booking {
    return { charge: toCharge(record, this.refundedOf(record)), replayed };
  }
}

/** Finer than `Date.now`: bookings of one millisecond keep their order. */
const wallClockMs = (): number => performance.timeOrigin + performance.now();

function requireSameAmount(record: ChargeRecord, amount: Money): void {
  if (record.minorUnits === String(amount.minorUnits) && record.currencyCode === amount.currencyCode) return;
  const before = showMoney({ minorUnits: BigInt(record.minorUnits), currencyCode: record.currencyCode });
  throw invalid('idempotency_key', `was used for ${before} and comes now with ${showMoney(amount)}`);
}
