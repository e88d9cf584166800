import assert from 'node:assert/strict';
import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { eventually } from '@breakwater-examples/shop-common/testing';
import { Ledger, totalOf } from './ledger.js';
import { LoadGenerator } from './load-generator.js';
import { OrderFactory, SOLD_OUT } from './order-factory.js';
import { readError, readOrder } from './told.js';

const { OrderStatus, PaymentStatus } = shop.orders.v1;
type PlaceOrder = shop.orders.v1.OrdersClient['placeOrder'];

const accepted = {
  order: shop.orders.v1.Order.fromPartial({ status: OrderStatus.ACCEPTED, paymentStatus: PaymentStatus.AUTHORIZED }),
};

describe('load generator', () => {
  const load = (
    placeOrder: (request: shop.orders.v1.PlaceOrderRequest) => Promise<shop.orders.v1.PlaceOrderResponse>,
    now = () => performance.now(),
  ) => {
    const ledger = new Ledger();
    const factory = new OrderFactory({ run: 'r' });
    return {
      ledger,
      generator: new LoadGenerator({ orders: { placeOrder: placeOrder as PlaceOrder }, factory, ledger, now }),
    };
  };

  it('goes on placing orders while earlier ones are not answered, and counts from when they were due', async () => {
    const answers: (() => void)[] = [];
    let now = 0;
    const { ledger, generator } = load(
      () => new Promise((resolve) => answers.push(() => resolve(accepted))),
      () => now,
    );
    generator.setPace('steady', 500);
    // The process was busy elsewhere: six orders are due by now, and are placed at once.
    now = 10;
    await eventually('the orders that are due are in flight', () => generator.answersAwaited > 0);
    assert.equal(generator.answersAwaited, 6);
    const stopped = generator.stop();
    now = 20;
    for (const answer of answers) answer();
    await stopped;
    assert.deepEqual(
      ledger.entries.map(({ latencyMs }) => latencyMs),
      [20, 18, 16, 14, 12, 10],
    );
    assert.equal(generator.answersAwaited, 0);
  });

  it('accounts orders to the phase in which they were due', async () => {
    const { ledger, generator } = load(async () => accepted);
    generator.setPace('one', 1000);
    await eventually('orders of phase one', () => ledger.ofPhase('one').length >= 3);
    generator.setPace('two', 1000);
    await eventually('orders of phase two', () => ledger.ofPhase('two').length >= 3);
    await generator.stop();
    const phases = ledger.entries.map(({ phase }) => phase);
    assert.equal(phases.lastIndexOf('one') + 1, phases.indexOf('two'));
    assert.equal(new Set(ledger.entries.map(({ orderId }) => orderId)).size, ledger.entries.length);
  });

  it('notes what the client was told, errors included', async () => {
    const { ledger, generator } = load(() =>
      Promise.reject(new RpcError(Code.RESOURCE_EXHAUSTED, 'slow down', { reason: 'RATE_LIMITED', retryAfterMs: 40 })),
    );
    generator.setPace('burst', 1000);
    await eventually('an order was answered', () => ledger.entries.length > 0);
    await generator.stop();
    const [entry] = ledger.entries;
    assert.deepEqual(
      { ...entry?.answer, details: undefined },
      { told: 'limited', code: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMITED', retryAfterMs: 40, details: undefined },
    );
  });
});

describe('what a client was told', () => {
  const order = (status: shop.orders.v1.OrderStatus, paymentStatus: shop.orders.v1.PaymentStatus) =>
    readOrder(shop.orders.v1.Order.fromPartial({ status, paymentStatus })).told;

  it('is read from the order in the answer', () => {
    assert.equal(order(OrderStatus.ACCEPTED, PaymentStatus.AUTHORIZED), 'charged');
    assert.equal(order(OrderStatus.ACCEPTED, PaymentStatus.DEFERRED), 'deferred');
    assert.equal(order(OrderStatus.REJECTED, PaymentStatus.DECLINED), 'declined');
    assert.equal(order(OrderStatus.PENDING, PaymentStatus.NONE), 'failed');
    assert.equal(readOrder(undefined).told, 'failed');
  });

  it('is read from the error: a full shop is no failure of the same kind as a broken one', () => {
    const toldBy = (code: Code, reason?: string) => readError(new RpcError(code, 'x', { reason })).told;
    assert.equal(toldBy(Code.FAILED_PRECONDITION, 'OUT_OF_STOCK'), 'out_of_stock');
    assert.equal(toldBy(Code.FAILED_PRECONDITION), 'failed');
    assert.equal(toldBy(Code.RESOURCE_EXHAUSTED, 'CONCURRENCY_LIMITED'), 'limited');
    assert.equal(toldBy(Code.RESOURCE_EXHAUSTED, 'MESSAGE_TOO_LARGE'), 'failed');
    assert.equal(toldBy(Code.UNAVAILABLE), 'failed');
    assert.equal(readError(new Error('boom')).code, 'UNKNOWN');
  });
});

describe('order factory', () => {
  it('makes every order with an id of its own, most of them good and some that must be turned down', () => {
    const factory = new OrderFactory({ run: 'r' });
    const orders = Array.from({ length: 1000 }, () => factory.next());
    assert.equal(new Set(orders.map(({ orderId }) => orderId)).size, 1000);
    const bad = orders.filter(
      ({ lines, paymentMethod }) =>
        lines[0]?.sku === SOLD_OUT ||
        (paymentMethod?.method?.$case === 'cardToken' && paymentMethod.method.value === 'declined-card'),
    );
    assert.ok(bad.length > 20 && bad.length < 100, `${bad.length} of 1000`);
    assert.ok(orders.every((order) => totalOf(order) > 0n));
  });
});
