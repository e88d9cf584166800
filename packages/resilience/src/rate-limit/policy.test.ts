import assert from 'node:assert/strict';
import { Code, ConfigError, createRuntime, stack, succeed, type PolicyEvent } from '@breakwater/core';
import { FakeClock, aCall, mockLeaf } from '@breakwater/core/testing';
import { rateLimit, resolveRateLimit, type RateLimitOptions } from './policy.js';

describe('rateLimit', () => {
  it('rejects what is too fast with RESOURCE_EXHAUSTED, RATE_LIMITED and the exact wait', async () => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const events: PolicyEvent[] = [];
    runtime.events.subscribe((event) => events.push(event));
    const leaf = mockLeaf(() => succeed(1));
    const handler = stack(rateLimit({ perSecond: 10, burst: 2 }, runtime))(leaf.handler);
    assert.ok((await handler(aCall())).ok);
    assert.ok((await handler(aCall())).ok);
    const outcome = await handler(aCall({ now: 30 }));
    assert.ok(!outcome.ok);
    assert.deepEqual(outcome.status, {
      code: Code.RESOURCE_EXHAUSTED,
      reason: 'RATE_LIMITED',
      details: 'more than 10 calls per second',
      origin: 'local',
      source: 'rate-limit',
      retryAfterMs: 70,
    });
    assert.ok((await handler(aCall({ now: 100 }))).ok);
    assert.equal(leaf.held.length, 3);
    assert.deepEqual(
      events.map(({ type, policy }) => `${type} ${policy}`),
      ['rejected rate-limit'],
    );
  });

  it('limits every key by itself when given one', async () => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const leaf = mockLeaf(() => succeed(1));
    const handler = stack(rateLimit({ perSecond: 1, key: (call) => String(call.request) }, runtime))(leaf.handler);
    const results = [];
    for (const request of ['a', 'a', 'b', 'b']) results.push((await handler(aCall({ request }))).ok);
    assert.deepEqual(results, [true, false, true, false]);
  });

  it('takes one second of calls for the burst unless told otherwise', () => {
    assert.equal(resolveRateLimit({ perSecond: 2.5 }).burst, 3);
    assert.equal(resolveRateLimit({ perSecond: 0.1 }).burst, 1);
  });

  it('refuses rates out of range, keys that are no function, and a bound on keys without keys', () => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const refused = (options: unknown, pattern: RegExp): void =>
      assert.throws(
        () => rateLimit(options as RateLimitOptions, runtime),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({}, /rateLimit\.perSecond is undefined, but must be a number/);
    refused({ perSecond: -1 }, /rateLimit\.perSecond is -1/);
    refused({ perSecond: 1, key: 'tenant' }, /rateLimit\.key is "tenant", but must be a function/);
    refused({ perSecond: 1, maxKeys: 5 }, /maxKeys is set without rateLimit\.key/);
    refused({ persecond: 1 }, /did you mean "perSecond"/);
  });
});
