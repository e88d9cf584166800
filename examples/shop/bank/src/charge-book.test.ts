import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { temporaryFolder } from '@breakwater-examples/shop-common/testing';
import { ChargeBook, type ChargeBookOptions, type ChargeOrder } from './charge-book.js';

const { ChargeStatus } = shop.bank.v1;
const euros = (amount: number) => ({ minorUnits: BigInt(amount * 100), currencyCode: 'EUR' });
const order = (key: string, change: Partial<ChargeOrder> = {}): ChargeOrder => ({
  idempotencyKey: key,
  amount: euros(20),
  reference: `order ${key}`,
  ...change,
});
const refused = (code: Code) => (error: unknown) => error instanceof RpcError && error.code === code;

describe('charge book', () => {
  const folder = temporaryFolder();
  const path = () => join(folder(), 'bank.jsonl');
  const open = (options?: ChargeBookOptions) => ChargeBook.open(path(), options);
  const journaled = async () => (await readFile(path(), 'utf8')).trimEnd().split('\n').length;

  it('has a charge on the disk before it answers', async () => {
    const book = await open();
    const { charge, replayed } = await book.charge(order('k'));
    assert.equal(replayed, false);
    assert.equal(charge.status, ChargeStatus.CHARGED);
    assert.match(await readFile(path(), 'utf8'), new RegExp(`"chargeId":"${charge.chargeId}"`));
    await book.close();
  });

  it('charges a key once, however often and however concurrently it comes', async () => {
    const book = await open();
    const bookings = await Promise.all(Array.from({ length: 20 }, () => book.charge(order('k'))));
    bookings.push(await book.charge(order('k')));
    assert.equal(new Set(bookings.map(({ charge }) => charge.chargeId)).size, 1);
    assert.equal(bookings.filter(({ replayed }) => !replayed).length, 1);
    assert.equal(await journaled(), 1);
    await book.close();
  });

  it('charges a key as often as it comes when deduplication is turned off', async () => {
    const book = await open({ dedupe: false });
    const bookings = await Promise.all([book.charge(order('k')), book.charge(order('k'))]);
    assert.equal(new Set(bookings.map(({ charge }) => charge.chargeId)).size, 2);
    assert.equal(await journaled(), 2);
    await book.close();
  });

  it('knows after a crash what it had answered, and nothing of a line that was torn', async () => {
    const before = await open();
    const { charge } = await before.charge(order('k'));
    await before.close();
    await appendFile(path(), '{"type":"charge","chargeId":"ch_torn","idempo');

    const after = await open();
    assert.equal(after.size, 1);
    assert.ok(after.tornBytes > 0);
    const again = await after.charge(order('k'));
    assert.equal(again.replayed, true);
    assert.equal(again.charge.chargeId, charge.chargeId);
    await after.close();
  });

  it('stands by a decline', async () => {
    const book = await open();
    const first = await book.charge(order('k', { declineReason: 'do not honour' }));
    const second = await book.charge(order('k'));
    for (const { charge } of [first, second]) {
      assert.equal(charge.status, ChargeStatus.DECLINED);
      assert.equal(charge.declineReason, 'do not honour');
    }
    await book.close();
  });

  it('refuses a known key with another amount', async () => {
    const book = await open();
    await book.charge(order('k'));
    await assert.rejects(book.charge(order('k', { amount: euros(21) })), refused(Code.INVALID_ARGUMENT));
    await assert.rejects(
      book.charge(order('k', { amount: { ...euros(20), currencyCode: 'USD' } })),
      (error) => refused(Code.INVALID_ARGUMENT)(error) && /20\.00 EUR .* 20\.00 USD/.test((error as Error).message),
    );
    assert.equal(await journaled(), 1);
    await book.close();
  });

  it('gives back once per key, in parts, and never more than was charged, also across a restart', async () => {
    let book = await open();
    const { charge } = await book.charge(order('k'));
    const refund = (key: string, amount?: number) =>
      book.refund({
        idempotencyKey: key,
        chargeId: charge.chargeId,
        amount: amount === undefined ? undefined : euros(amount),
      });

    await refund('r1', 5);
    assert.equal((await refund('r1', 5)).replayed, true);
    await assert.rejects(refund('r2', 16), refused(Code.FAILED_PRECONDITION));
    await book.close();

    book = await open();
    assert.equal((await refund('r1', 5)).replayed, true);
    const { charge: afterAll } = await refund('r3');
    assert.deepEqual(afterAll.refunded, euros(20));
    await assert.rejects(refund('r4'), refused(Code.FAILED_PRECONDITION));
    await book.close();
  });

  it('gives the same money back to one of two who ask at the same time', async () => {
    const book = await open();
    const { charge } = await book.charge(order('k'));
    const results = await Promise.allSettled(
      ['a', 'b'].map((key) => book.refund({ idempotencyKey: key, chargeId: charge.chargeId, amount: euros(15) })),
    );
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.deepEqual(book.byId(charge.chargeId)?.refunded, euros(15));
    await book.close();
  });

  it('refuses to give back what was never charged', async () => {
    const book = await open();
    const { charge } = await book.charge(order('k', { declineReason: 'no' }));
    await assert.rejects(
      book.refund({ idempotencyKey: 'r', chargeId: charge.chargeId }),
      refused(Code.FAILED_PRECONDITION),
    );
    await assert.rejects(book.refund({ idempotencyKey: 'r', chargeId: 'ch_none' }), refused(Code.NOT_FOUND));
    await book.close();
  });
});
