import assert from 'node:assert/strict';
import { Code, RpcError } from '@breakwater/core';
import type { CallContext } from '@breakwater/rpc';
import { Faults } from './faults.js';
import { durationOf } from './timestamps.js';

const CONTEXT = { signal: new AbortController().signal };
const set = (faults: Faults, behaviour: { failureRatio?: number; failAfterWork?: boolean; delayMs?: number }) =>
  faults.handlers.setFaults(
    {
      behaviour: {
        failureRatio: behaviour.failureRatio ?? 0,
        failAfterWork: behaviour.failAfterWork ?? false,
        delay: behaviour.delayMs === undefined ? undefined : durationOf(behaviour.delayMs),
      },
    },
    CONTEXT as unknown as CallContext,
  );

describe('faults', () => {
  let faults: Faults;
  let worked: number;
  let call: () => Promise<unknown>;
  beforeEach(() => {
    faults = new Faults();
    worked = 0;
    const wrapped = faults.wrap(async () => {
      worked += 1;
      return 'done';
    });
    call = () => wrapped(undefined, CONTEXT);
  });
  const unavailable = (error: unknown): boolean =>
    error instanceof RpcError && error.code === Code.UNAVAILABLE && error.reason === 'INJECTED';

  it('leaves calls alone until it is told otherwise', async () => {
    assert.equal(await call(), 'done');
  });

  it('fails before the work is done', async () => {
    await set(faults, { failureRatio: 1 });
    await assert.rejects(call, unavailable);
    assert.equal(worked, 0);
  });

  it('fails after the work was done', async () => {
    await set(faults, { failureRatio: 1, failAfterWork: true });
    await assert.rejects(call, unavailable);
    assert.equal(worked, 1);
  });

  it('fails exactly the part of the calls it was told', async () => {
    await set(faults, { failureRatio: 0.25 });
    const results = [];
    for (let n = 0; n < 20; n += 1)
      results.push(
        await call().then(
          () => 'ok',
          () => 'failed',
        ),
      );
    assert.equal(results.filter((result) => result === 'failed').length, 5);
  });

  it('answers late, with the work done at once', async () => {
    await set(faults, { delayMs: 30_000 });
    const controller = new AbortController();
    const late = faults.wrap(async () => {
      worked += 1;
    })(undefined, { signal: controller.signal });
    await Promise.resolve();
    assert.equal(worked, 1);
    // The caller goes away; the handler does not wait for nobody.
    controller.abort();
    await assert.rejects(late, { name: 'AbortError' });
  });

  it('behaves again after an empty request', async () => {
    await set(faults, { failureRatio: 1 });
    await faults.handlers.setFaults({ behaviour: undefined }, CONTEXT as unknown as CallContext);
    assert.equal(await call(), 'done');
    assert.equal((await faults.handlers.getFaults({}, CONTEXT as unknown as CallContext)).behaviour?.failureRatio, 0);
  });

  it('refuses what makes no sense', async () => {
    const illegal = (error: unknown): boolean => error instanceof RpcError && error.code === Code.INVALID_ARGUMENT;
    await assert.rejects(set(faults, { failureRatio: 1.5 }), illegal);
    await assert.rejects(set(faults, { failureRatio: Number.NaN }), illegal);
    await assert.rejects(set(faults, { delayMs: -1 }), illegal);
    await assert.rejects(set(faults, { delayMs: 3_600_000 }), illegal);
  });
});
