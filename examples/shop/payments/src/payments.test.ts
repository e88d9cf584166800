import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { inProcessTransport } from '@breakwater/rpc';
import { closeClient, createClient, createService, type Service } from '@breakwater/service';
import { bankHandlers, ChargeBook } from '@breakwater-examples/shop-bank';
import { temporaryFolder } from '@breakwater-examples/shop-common/testing';
import { paymentsHandlers } from './handlers.js';
import { PaymentBook } from './payment-book.js';

const { PaymentStatus } = shop.payments.v1;
const EUROS_20 = { minorUnits: 2000n, currencyCode: 'EUR' };
const request = (key: string, card = 'card-1') => ({
  idempotencyKey: key,
  orderId: `order-${key}`,
  customerId: 'customer',
  amount: EUROS_20,
  source: { $case: 'cardToken' as const, value: card },
});
const failsWith = (code: Code) => (error: unknown) => error instanceof RpcError && error.code === code;

describe('payments service', () => {
  const folder = temporaryFolder();
  const transport = inProcessTransport();
  let charges: ChargeBook;
  let bankService: Service;
  let bank: shop.bank.v1.BankClient;
  let open: { book: PaymentBook; service: Service; client: shop.payments.v1.PaymentsClient }[];

  beforeEach(async () => {
    open = [];
    charges = await ChargeBook.open(join(folder(), 'bank.jsonl'));
    bankService = createService({ name: 'bank', transport, signals: false, logger: false }).add(
      shop.bank.v1.BankDefinition,
      bankHandlers(charges, { thinkMs: 0 }),
    );
    const { host, port } = await bankService.start();
    bank = createClient(shop.bank.v1.BankDefinition, `${host}:${port}`, { transport });
  });
  afterEach(async () => {
    for (const { client, service, book } of open) {
      await closeClient(client);
      await service.stop();
      await book.close();
    }
    await closeClient(bank);
    await bankService.stop();
    await charges.close();
  });
  const instance = async (name: string) => {
    const book = await PaymentBook.open(folder(), name);
    const service = createService({ name: 'payments', transport, signals: false, logger: false }).add(
      shop.payments.v1.PaymentsDefinition,
      paymentsHandlers(bank, book),
    );
    const { host, port } = await service.start();
    const client = createClient(shop.payments.v1.PaymentsDefinition, `${host}:${port}`, { transport });
    open.push({ book, service, client });
    return client;
  };
  const list = async (client: shop.payments.v1.PaymentsClient, query: { orderId?: string; limit?: number } = {}) => {
    const found = [];
    for await (const { payment } of client.listPayments(query)) found.push(payment?.paymentId);
    return found;
  };

  it('charges one key once, whichever instance is asked', async () => {
    const [a, b] = [await instance('a'), await instance('b')];
    const first = await a.authorize(request('k'));
    const second = await b.authorize(request('k'));
    assert.equal(first.payment?.status, PaymentStatus.AUTHORIZED);
    assert.equal(second.payment?.chargeId, first.payment?.chargeId);
    assert.equal(second.payment?.paymentId, first.payment?.paymentId);
    assert.equal(charges.size, 1);
  });

  it('answers with a decline, rather than to fail', async () => {
    const { payment } = await (await instance('a')).authorize(request('k', 'declined-card'));
    assert.equal(payment?.status, PaymentStatus.DECLINED);
    assert.equal(payment?.declineReason, 'do not honour');
    assert.equal(payment?.chargeId, undefined);
  });

  it('pays back what another instance took, once per key', async () => {
    const [a, b] = [await instance('a'), await instance('b')];
    const { payment } = await a.authorize(request('k'));
    const paymentId = payment?.paymentId ?? '';
    const part = await b.refund({ idempotencyKey: 'r1', paymentId, amount: { minorUnits: 500n, currencyCode: 'EUR' } });
    assert.equal(part.payment?.status, PaymentStatus.AUTHORIZED);
    assert.equal(part.payment?.refunded?.minorUnits, 500n);
    const again = await a.refund({
      idempotencyKey: 'r1',
      paymentId,
      amount: { minorUnits: 500n, currencyCode: 'EUR' },
    });
    assert.equal(again.payment?.refunded?.minorUnits, 500n);
    const rest = await b.refund({ idempotencyKey: 'r2', paymentId });
    assert.equal(rest.payment?.status, PaymentStatus.REFUNDED);
    await assert.rejects(b.refund({ idempotencyKey: 'r3', paymentId }), failsWith(Code.FAILED_PRECONDITION));
    await assert.rejects(b.refund({ idempotencyKey: 'r4', paymentId: 'pay_none' }), failsWith(Code.NOT_FOUND));
  });

  it('lists the payments of all instances once each, oldest first', async () => {
    const [a, b] = [await instance('a'), await instance('b')];
    await a.authorize(request('1'));
    await b.authorize(request('2'));
    await a.authorize(request('2'));
    await b.authorize(request('3'));
    assert.deepEqual(await list(a), ['pay_1', 'pay_2', 'pay_3']);
    assert.deepEqual(await list(b, { limit: 2 }), ['pay_1', 'pay_2']);
    assert.deepEqual(await list(b, { orderId: 'order-3' }), ['pay_3']);
  });

  it('hands on what the bank finds wrong with a request', async () => {
    const client = await instance('a');
    await client.authorize(request('k'));
    await assert.rejects(
      client.authorize({ ...request('k'), amount: { ...EUROS_20, minorUnits: 1n } }),
      failsWith(Code.INVALID_ARGUMENT),
    );
    await assert.rejects(client.authorize({ ...request('x'), source: undefined }), failsWith(Code.INVALID_ARGUMENT));
    await assert.rejects(
      client.authorize({ ...request('x'), amount: { ...EUROS_20, minorUnits: 0n } }),
      failsWith(Code.INVALID_ARGUMENT),
    );
    await assert.rejects(
      client.authorize({ ...request('x'), idempotencyKey: 'k'.repeat(129) }),
      failsWith(Code.INVALID_ARGUMENT),
    );
  });

  it('is unavailable, and asks not to be retried, when the bank is', async () => {
    const client = await instance('a');
    await bankService.stop();
    await assert.rejects(
      client.authorize(request('k')),
      (error) => failsWith(Code.UNAVAILABLE)(error) && ((error as RpcError).retryAfterMs ?? 0) < 0,
    );
  });
});
