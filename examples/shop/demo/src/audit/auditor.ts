import type { LedgerEntry } from '../load/ledger.js';
import type { Books, OrderEnd } from './books.js';

type AuditedEntry = Pick<LedgerEntry, 'orderId' | 'minorUnits' | 'answer'>;

/** What the audit found; every list holds order ids, and all but the counts are empty when the books are in order. */
export interface AuditReport {
  /** Orders that the clients were told to be accepted. */
  readonly accepted: number;
  /** Orders that the clients were told to be turned down. */
  readonly turnedDown: number;
  /** Of the accepted ones, those that the bank declined when it was asked at last. */
  readonly declinedLater: number;
  /** Charges in the bank's journal. */
  readonly charges: number;
  /** Accepted, and then missing in the shop's journals, never charged, or never brought to an end. */
  readonly lost: readonly string[];
  /** Charged more than once. */
  readonly doubleCharged: readonly string[];
  /** Charged although turned down. */
  readonly chargedRejected: readonly string[];
  /** Charged another amount than was ordered. */
  readonly wrongAmount: readonly string[];
  /** Told one thing by an answer and another by the journals, or decided differently by two instances. */
  readonly contradictory: readonly string[];
  /** Charged under a key that is no order of the shop. */
  readonly unknownCharges: readonly string[];
}

/**
 * Joins what clients were told with the journals of the shop and of the bank, by order id.
 * The rule: exactly one charge per accepted order, none for a rejected one, none lost. A client that got no answer, or was
 * turned away after an earlier attempt, does not know; then the journals must agree with each other.
 */
export function audit(ledger: readonly AuditedEntry[], { bank, orders }: Books): AuditReport {
  const lost: string[] = [];
  const chargedRejected: string[] = [];
  const wrongAmount: string[] = [];
  const contradictory: string[] = [];
  let accepted = 0;
  let turnedDown = 0;
  let declinedLater = 0;

  for (const { orderId, minorUnits, answer } of ledger) {
    const { told } = answer;
    const charges = bank.get(orderId)?.charges ?? [];
    const end = orders.get(orderId);
    const expected = expectedEnd(told, end);
    if (told === 'charged' || told === 'deferred') accepted += 1;
    if (told === 'deferred' && end === 'rejected') declinedLater += 1;
    if (told === 'declined' || told === 'out_of_stock') turnedDown += 1;

    if (
      end === 'contradictory' ||
      (expected !== undefined && end !== undefined && end !== 'unfinished' && end !== expected)
    ) {
      contradictory.push(orderId);
    }
    if (expected === 'accepted' && (charges.length === 0 || end === undefined || end === 'unfinished'))
      lost.push(orderId);
    if (expected === 'rejected' && charges.length > 0) chargedRejected.push(orderId);
    if (expected === undefined && end === 'unfinished' && charges.length > 0) lost.push(orderId);
    if (charges.some((charged) => charged !== minorUnits)) wrongAmount.push(orderId);
  }

  return {
    accepted,
    turnedDown,
    declinedLater,
    charges: [...bank.values()].reduce((sum, { charges }) => sum + charges.length, 0),
    lost,
    doubleCharged: [...bank].filter(([, { charges }]) => charges.length > 1).map(([orderId]) => orderId),
    chargedRejected,
    wrongAmount,
    contradictory,
    unknownCharges: [...bank.keys()].filter((orderId) => !orders.has(orderId)),
  };
}

/** How an order must end after what its client was told; undefined when it may not exist at all. */
function expectedEnd(
  told: LedgerEntry['answer']['told'],
  end: OrderEnd | undefined,
): 'accepted' | 'rejected' | undefined {
  switch (told) {
    case 'charged':
      return 'accepted';
    case 'declined':
    case 'out_of_stock':
      return 'rejected';
    case 'deferred':
      // The bank may decline when it is asked at last; then the order ends rejected.
      return end === 'rejected' ? 'rejected' : 'accepted';
    case 'limited':
    case 'failed':
      return end === 'accepted' || end === 'rejected' ? end : undefined;
  }
}

/** Whether the books are in order. */
export const isClean = (report: AuditReport): boolean =>
  [
    report.lost,
    report.doubleCharged,
    report.chargedRejected,
    report.wrongAmount,
    report.contradictory,
    report.unknownCharges,
  ].every(({ length }) => length === 0);
