import assert from 'node:assert/strict';
import { shop } from '@breakwater/contracts';
import type { BankRecord } from '@breakwater-examples/shop-bank';
import type { OrderRecord } from '@breakwater-examples/shop-orders';
import type { Told } from '../load/told.js';
import { audit, isClean } from './auditor.js';
import { toBooks, unfinishedIn } from './books.js';

const { OrderStatus, PaymentStatus } = shop.orders.v1;

const told = (orderId: string, answer: Told, minorUnits = 100n) => ({ orderId, minorUnits, answer: { told: answer } });
const charge = (key: string, minorUnits = '100', status: 'charged' | 'declined' = 'charged'): BankRecord => ({
  type: 'charge',
  chargeId: `ch_${key}_${Math.random()}`,
  idempotencyKey: key,
  minorUnits,
  currencyCode: 'EUR',
  status,
  reference: key,
  at: 0,
});
const STATES = {
  pending: [OrderStatus.PENDING, PaymentStatus.NONE],
  deferred: [OrderStatus.ACCEPTED, PaymentStatus.DEFERRED],
  accepted: [OrderStatus.ACCEPTED, PaymentStatus.AUTHORIZED],
  declined: [OrderStatus.REJECTED, PaymentStatus.DECLINED],
  outOfStock: [OrderStatus.REJECTED, PaymentStatus.NONE],
} as const;
const line = (orderId: string, state: keyof typeof STATES): OrderRecord => {
  const [status, paymentStatus] = STATES[state];
  const order = shop.orders.v1.Order.fromPartial({ orderId, status, paymentStatus });
  return { at: 0, order: shop.orders.v1.Order.toJSON(order) };
};
const journal = (orderId: string, ...states: (keyof typeof STATES)[]) => states.map((state) => line(orderId, state));

describe('auditor', () => {
  it('finds nothing where every accepted order is charged once and no rejected one is', () => {
    const books = toBooks(
      [charge('paid'), charge('late'), charge('no', '100', 'declined')],
      [
        [...journal('paid', 'pending', 'accepted'), ...journal('late', 'pending', 'deferred', 'accepted')],
        [...journal('no', 'pending', 'declined'), ...journal('sold-out', 'pending', 'outOfStock')],
      ],
    );
    const report = audit(
      [
        told('paid', 'charged'),
        told('late', 'deferred'),
        told('no', 'declined'),
        told('sold-out', 'out_of_stock'),
        told('gone', 'limited'),
      ],
      books,
    );
    assert.ok(isClean(report), JSON.stringify(report));
    assert.deepEqual([report.accepted, report.turnedDown, report.charges], [2, 2, 2]);
  });

  it('finds a second charge, also for an order whose client got no answer', () => {
    const report = audit(
      [told('a', 'charged'), told('b', 'failed')],
      toBooks(
        [charge('a'), charge('a'), charge('b'), charge('b')],
        [[...journal('a', 'accepted'), ...journal('b', 'accepted')]],
      ),
    );
    assert.deepEqual(report.doubleCharged, ['a', 'b']);
    assert.ok(!isClean(report));
  });

  it('finds an accepted order that was never charged', () => {
    const report = audit(
      [told('a', 'charged'), told('b', 'deferred')],
      toBooks([], [[...journal('a', 'accepted'), ...journal('b', 'accepted')]]),
    );
    assert.deepEqual(report.lost, ['a', 'b']);
  });

  it('finds an accepted order that the shop has forgotten, charged or not', () => {
    const report = audit([told('a', 'charged'), told('b', 'charged')], toBooks([charge('a')], [[]]));
    assert.deepEqual(report.lost, ['a', 'b']);
    assert.deepEqual(report.unknownCharges, ['a']);
  });

  it('finds a deferred order that was never brought to an end', () => {
    const report = audit([told('a', 'deferred')], toBooks([charge('a')], [journal('a', 'pending', 'deferred')]));
    assert.deepEqual(report.lost, ['a']);
  });

  it('lets the bank decline a deferred order at last, and counts it', () => {
    const books = toBooks([charge('a', '100', 'declined')], [journal('a', 'pending', 'deferred', 'declined')]);
    const report = audit([told('a', 'deferred')], books);
    assert.ok(isClean(report));
    assert.equal(report.declinedLater, 1);
  });

  it('finds a charge for an order that was turned down', () => {
    const report = audit(
      [told('a', 'declined'), told('b', 'out_of_stock')],
      toBooks([charge('a'), charge('b')], [[...journal('a', 'declined'), ...journal('b', 'outOfStock')]]),
    );
    assert.deepEqual(report.chargedRejected, ['a', 'b']);
  });

  it('finds an order that was told accepted and journaled rejected', () => {
    const report = audit([told('a', 'charged')], toBooks([], [journal('a', 'declined')]));
    assert.deepEqual(report.contradictory, ['a']);
  });

  it('finds an order that two instances decided differently', () => {
    const report = audit(
      [told('a', 'charged')],
      toBooks([charge('a')], [journal('a', 'accepted'), journal('a', 'declined')]),
    );
    assert.deepEqual(report.contradictory, ['a']);
  });

  it('takes the decision of one instance for an order that another one left', () => {
    const books = toBooks([charge('a')], [journal('a', 'pending'), journal('a', 'pending', 'accepted')]);
    assert.ok(isClean(audit([told('a', 'charged')], books)));
    assert.equal(unfinishedIn(books), 0);
  });

  it('holds the journals against each other when the client got no answer', () => {
    const entries = ['kept', 'refused', 'nothing', 'hanging'].map((orderId) => told(orderId, 'failed'));
    const orders = [
      ...journal('kept', 'accepted'),
      ...journal('refused', 'outOfStock'),
      ...journal('hanging', 'pending'),
    ];
    assert.ok(isClean(audit(entries, toBooks([charge('kept')], [orders]))));
    const report = audit(entries, toBooks([charge('refused'), charge('hanging')], [orders]));
    assert.deepEqual(report.lost, ['kept', 'hanging']);
    assert.deepEqual(report.chargedRejected, ['refused']);
  });

  it('finds a charge of another amount', () => {
    const report = audit([told('a', 'charged')], toBooks([charge('a', '101')], [journal('a', 'accepted')]));
    assert.deepEqual(report.wrongAmount, ['a']);
  });

  it('knows which orders are still to be settled', () => {
    assert.equal(
      unfinishedIn(
        toBooks([], [[...journal('a', 'pending'), ...journal('b', 'deferred'), ...journal('c', 'accepted')]]),
      ),
      2,
    );
  });
});
