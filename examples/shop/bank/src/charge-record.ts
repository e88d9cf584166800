import { shop } from '@breakwater/contracts';
import { timestampOf } from '@breakwater-examples/shop-common';

const { ChargeStatus } = shop.bank.v1;
type Charge = shop.bank.v1.Charge;

/** A line of the bank's journal: money that was charged, or not, and money that was given back. */
export type BankRecord = ChargeRecord | RefundRecord;

export interface ChargeRecord {
  readonly type: 'charge';
  readonly chargeId: string;
  readonly idempotencyKey: string;
  /** Decimal: bigint has no JSON. */
  readonly minorUnits: string;
  readonly currencyCode: string;
  readonly status: 'charged' | 'declined';
  readonly declineReason?: string;
  readonly reference: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
}

export interface RefundRecord {
  readonly type: 'refund';
  readonly chargeId: string;
  readonly idempotencyKey: string;
  readonly minorUnits: string;
  readonly at: number;
}

/** A journal entry as the contract shows it. */
export const toCharge = (record: ChargeRecord, refundedMinorUnits: bigint): Charge => ({
  chargeId: record.chargeId,
  idempotencyKey: record.idempotencyKey,
  amount: { minorUnits: BigInt(record.minorUnits), currencyCode: record.currencyCode },
  status: record.status === 'charged' ? ChargeStatus.CHARGED : ChargeStatus.DECLINED,
  declineReason: record.declineReason,
  chargedAt: timestampOf(record.at),
  reference: record.reference,
  refunded:
    refundedMinorUnits === 0n ? undefined : { minorUnits: refundedMinorUnits, currencyCode: record.currencyCode },
});
