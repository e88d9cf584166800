import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import type { CallContext } from '@breakwater/rpc';
import { eventually, temporaryFolder } from '@breakwater-examples/shop-common/testing';
import { TestShop } from './shop.fixture.js';

const { OrderStatus, PaymentStatus } = shop.orders.v1;
type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;

const mugs = (orderId: string, quantity = 1, card = 'card-1'): PlaceOrderRequest => ({
  orderId,
  customerId: 'customer',
  lines: [{ sku: 'mug', quantity, unitPrice: { minorUnits: 500n, currencyCode: 'EUR' } }],
  paymentMethod: { method: { $case: 'cardToken', value: card } },
  note: undefined,
  labels: {},
});
const failsWith =
  (code: Code, text = /./) =>
  (error: unknown) =>
    error instanceof RpcError && error.code === code && text.test(error.message);

describe('orders service', () => {
  const folder = temporaryFolder();
  let running: TestShop;
  beforeEach(async () => {
    running = await TestShop.open(folder());
  });
  afterEach(() => running.close());

  const setFaults = (behaviour: Partial<shop.faults.v1.Behaviour> | undefined) =>
    running.faults.handlers.setFaults(
      { behaviour: behaviour === undefined ? undefined : { failureRatio: 0, failAfterWork: false, ...behaviour } },
      {} as CallContext,
    );
  const statusOf = async (client: shop.orders.v1.OrdersClient, orderId: string) =>
    (await client.getOrder({ orderId })).order?.paymentStatus;

  it('reserves, charges and accepts', async () => {
    const { client } = await running.orders('a');
    const { order } = await client.placeOrder(mugs('o1', 3));
    assert.equal(order?.status, OrderStatus.ACCEPTED);
    assert.equal(order?.paymentStatus, PaymentStatus.AUTHORIZED);
    assert.deepEqual(order?.total, { minorUnits: 1500n, currencyCode: 'EUR' });
    assert.equal(await running.available(), 97);
    assert.deepEqual(await running.charged(), ['o1']);
    assert.deepEqual((await client.getOrder({ orderId: 'o1' })).order, order);
  });

  it('answers a repeated request with the order as it stands, at every instance, and charges once', async () => {
    const [a, b] = [await running.orders('a'), await running.orders('b')];
    const first = await a.client.placeOrder(mugs('o1'));
    assert.deepEqual(await a.client.placeOrder(mugs('o1')), first);
    assert.deepEqual(await b.client.placeOrder(mugs('o1')), first);
    assert.deepEqual((await b.client.getOrder({ orderId: 'o1' })).order, first.order);
    assert.deepEqual(await running.charged(), ['o1']);
    assert.equal(await running.available(), 99);
  });

  it('places one order for many requests at the same time, spread over instances', async () => {
    const [a, b] = [await running.orders('a'), await running.orders('b')];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? a : b).client.placeOrder(mugs('o1', 2))),
    );
    for (const answer of answers) assert.equal(answer.order?.paymentStatus, PaymentStatus.AUTHORIZED);
    assert.deepEqual(await running.charged(), ['o1']);
    assert.equal(await running.available(), 98);
  });

  it('arranges an order once for all who ask the same instance at the same time', async () => {
    const { client } = await running.orders('a');
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.placeOrder(mugs('o1'))));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const lines = (await readFile(join(folder(), 'orders-a.jsonl'), 'utf8')).trimEnd().split('\n');
    assert.equal(lines.length, 2, 'noted as pending, then as accepted');
  });

  it('refuses another content under a used id', async () => {
    const [a, b] = [await running.orders('a'), await running.orders('b')];
    await a.client.placeOrder(mugs('o1', 1));
    await assert.rejects(a.client.placeOrder(mugs('o1', 2)), failsWith(Code.ALREADY_EXISTS));
    await assert.rejects(b.client.placeOrder(mugs('o1', 2)), failsWith(Code.ALREADY_EXISTS));
  });

  it('turns down what is not in stock, stands by it, and charges nothing', async () => {
    const [a, b] = [await running.orders('a'), await running.orders('b')];
    await assert.rejects(
      a.client.placeOrder(mugs('o1', 101)),
      failsWith(Code.FAILED_PRECONDITION, /mug: 101 wanted, 100 left/),
    );
    await running.warehouse().execute({ type: 'adjust', sku: 'mug', delta: 500 });
    await assert.rejects(b.client.placeOrder(mugs('o1', 101)), failsWith(Code.FAILED_PRECONDITION));
    assert.equal((await b.client.getOrder({ orderId: 'o1' })).order?.status, OrderStatus.REJECTED);
    assert.deepEqual(await running.charged(), []);
  });

  it('gives the stock back when the bank declines', async () => {
    const { client } = await running.orders('a');
    const { order } = await client.placeOrder(mugs('o1', 5, 'declined-card'));
    assert.equal(order?.status, OrderStatus.REJECTED);
    assert.equal(order?.paymentStatus, PaymentStatus.DECLINED);
    assert.equal(order?.rejectionReason, 'do not honour');
    assert.equal(await running.available(), 100);
  });

  it('accepts an order without its payment while payments fail, and charges it once when they work again', async () => {
    const { client } = await running.orders('a');
    await setFaults({ failureRatio: 1, failAfterWork: true });
    const { order } = await client.placeOrder(mugs('o1'));
    assert.equal(order?.status, OrderStatus.ACCEPTED);
    assert.equal(order?.paymentStatus, PaymentStatus.DEFERRED);
    assert.ok(running.events.some(({ type }) => type === 'fallback'));

    await setFaults(undefined);
    await eventually(
      'the deferred charge is made',
      async () => (await statusOf(client, 'o1')) === PaymentStatus.AUTHORIZED,
    );
    assert.deepEqual(await running.charged(), ['o1']);
    const again = await client.placeOrder(mugs('o1'));
    assert.equal(again.order?.paymentStatus, PaymentStatus.AUTHORIZED);
  });

  it('rejects a deferred order and gives its stock back when the bank declines at last', async () => {
    const { client } = await running.orders('a');
    await setFaults({ failureRatio: 1 });
    const { order } = await client.placeOrder(mugs('o1', 4, 'empty-card'));
    assert.equal(order?.paymentStatus, PaymentStatus.DEFERRED);
    assert.equal(await running.available(), 96);
    await setFaults(undefined);
    await eventually('the order is rejected', async () => (await statusOf(client, 'o1')) === PaymentStatus.DECLINED);
    assert.equal(await running.available(), 100);
    assert.deepEqual(await running.charged(), []);
  });

  it('charges what an instance had deferred before it died, once it is back', async () => {
    const before = await running.orders('a', { settleEveryMs: 60_000 });
    await setFaults({ failureRatio: 1, failAfterWork: true });
    await before.client.placeOrder(mugs('o1'));
    await before.crash();
    await setFaults(undefined);
    const { client } = await running.orders('a');
    await eventually(
      'the deferred charge is made',
      async () => (await statusOf(client, 'o1')) === PaymentStatus.AUTHORIZED,
    );
    assert.deepEqual(await running.charged(), ['o1']);
  });

  it('brings an order to an end whose instance died after reserving', async () => {
    const { client: other, book } = await running.orders('b');
    // As a crash right after the first note leaves it: pending in the journal, and reserved.
    const { newOrder } = await import('./order-request.js');
    await running.warehouse().execute({ type: 'reserve', reservationId: 'o1', lines: [{ sku: 'mug', quantity: 2 }] });
    await book.put(newOrder(mugs('o1', 2)), mugs('o1', 2));
    await eventually('the order is charged', async () => (await statusOf(other, 'o1')) === PaymentStatus.AUTHORIZED);
    assert.equal(await running.available(), 98);
    assert.deepEqual(await running.charged(), ['o1']);
  });

  it('asks to be asked again while the inventory is away, and keeps the order as pending', async () => {
    const { client } = await running.orders('a', { settleEveryMs: 60_000 });
    await running.stopInventory();
    await assert.rejects(
      client.placeOrder(mugs('o1'), { maxAttempts: 1 }),
      (error) =>
        failsWith(Code.UNAVAILABLE, /repeat the request/)(error) && ((error as RpcError).retryAfterMs ?? -1) > 0,
    );
    assert.equal((await client.getOrder({ orderId: 'o1' })).order?.status, OrderStatus.PENDING);
    assert.deepEqual(await running.charged(), []);
  });

  it('streams the states of an order, also of one that another instance works on', async () => {
    const [a, b] = [await running.orders('a'), await running.orders('b')];
    await setFaults({ failureRatio: 1 });
    await a.client.placeOrder(mugs('o1'));
    const seen: (readonly [bigint, number])[] = [];
    for await (const { sequence, paymentStatus } of b.client.watchOrder({ orderId: 'o1' })) {
      seen.push([sequence, paymentStatus]);
      if (paymentStatus === PaymentStatus.AUTHORIZED) break;
      if (seen.length === 1) await setFaults(undefined);
    }
    assert.deepEqual(
      seen.map(([, status]) => status),
      [PaymentStatus.DEFERRED, PaymentStatus.AUTHORIZED],
    );
    assert.ok((seen[0]?.[0] ?? 0n) < (seen[1]?.[0] ?? 0n));
  });

  it('ends the stream of an order that cannot change any more', async () => {
    const { client } = await running.orders('a');
    await client.placeOrder(mugs('o1', 1, 'declined-card'));
    const states = [];
    for await (const { status } of client.watchOrder({ orderId: 'o1' })) states.push(status);
    assert.deepEqual(states, [OrderStatus.REJECTED]);
    await assert.rejects(async () => {
      for await (const state of client.watchOrder({ orderId: 'none' })) assert.fail(`unexpected ${state.orderId}`);
    }, failsWith(Code.NOT_FOUND));
  });

  it('imports a series, and one bad order does not stop the rest', async () => {
    const { client } = await running.orders('a');
    const batch = [
      mugs('i1', 2),
      mugs('i2', 101),
      mugs('i3', 1, 'declined-card'),
      { ...mugs('i4'), lines: [] },
      mugs('i5', 1),
    ];
    const send = async function* () {
      for (const order of batch) yield { order };
    };
    const summary = await client.importOrders(send());
    assert.equal(summary.received, 5);
    assert.equal(summary.accepted, 2);
    assert.deepEqual(Object.keys(summary.rejected).sort(), ['i2', 'i3', 'i4']);
    assert.equal(summary.acceptedMinorUnits['EUR'], 1500n);
    // An interrupted import is sent again whole.
    const again = await client.importOrders(send());
    assert.deepEqual(again, summary);
    assert.deepEqual([...(await running.charged())].sort(), ['i1', 'i5']);
  });

  it('names the field of a request that makes no sense', async () => {
    const { client } = await running.orders('a');
    const bad = (change: Partial<PlaceOrderRequest>, text: RegExp) =>
      assert.rejects(client.placeOrder({ ...mugs('o1'), ...change }), failsWith(Code.INVALID_ARGUMENT, text));
    await bad({ orderId: '' }, /order_id must not be empty/);
    await bad({ orderId: 'x'.repeat(129) }, /order_id has 129 characters/);
    await bad({ customerId: '' }, /customer_id/);
    await bad({ lines: [] }, /lines must not be empty/);
    await bad(
      { lines: [{ sku: 'mug', quantity: 0, unitPrice: { minorUnits: 1n, currencyCode: 'EUR' } }] },
      /lines\[0\]\.quantity/,
    );
    await bad({ lines: [{ sku: 'mug', quantity: 1, unitPrice: undefined }] }, /lines\[0\]\.unit_price/);
    await bad(
      { lines: [{ sku: 'mug', quantity: 1, unitPrice: { minorUnits: 1n, currencyCode: 'euro' } }] },
      /currency_code/,
    );
    await bad({ paymentMethod: undefined }, /payment_method/);
    await assert.rejects(client.getOrder({ orderId: 'none' }), failsWith(Code.NOT_FOUND));
  });
});
