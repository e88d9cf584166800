import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { CircuitBreaker, type BreakerPermit, type BreakerTransition } from './circuit-breaker.js';
import type { CircuitBreakerOptions } from './options.js';

function admit(breaker: CircuitBreaker, now: number, deadline?: number): BreakerPermit {
  const permit = breaker.acquire(now, deadline);
  assert.ok(permit.admitted, 'expected to be admitted');
  return permit;
}

function tripped(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; transitions: BreakerTransition[] } {
  const transitions: BreakerTransition[] = [];
  const breaker = new CircuitBreaker(options, (transition) => transitions.push(transition));
  for (let call = 0; call < 20; call++) breaker.settle(admit(breaker, 0), 'failure', 0);
  return { breaker, transitions };
}

describe('CircuitBreaker', () => {
  it('trips at half of twenty calls, not before the twentieth and not below half', () => {
    const breaker = new CircuitBreaker();
    for (let call = 0; call < 9; call++) breaker.settle(admit(breaker, 0), 'failure', 0);
    for (let call = 0; call < 11; call++) breaker.settle(admit(breaker, 0), 'success', 0);
    assert.equal(breaker.snapshot(0).state, 'closed');
    for (let call = 0; call < 2; call++) breaker.settle(admit(breaker, 0), 'failure', 0);
    assert.equal(breaker.snapshot(0).state, 'open');
  });

  it('rejects while open with the time that is left, and lets exactly one probe through after it', () => {
    const { breaker } = tripped();
    assert.deepEqual(breaker.acquire(1), { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs: 999 });
    assert.deepEqual(breaker.acquire(999.5), { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs: 1 });
    const probe = admit(breaker, 1000);
    assert.equal(breaker.acquire(1000).admitted, false);
    breaker.settle(probe, 'success', 1001);
    assert.deepEqual(breaker.snapshot(1001), {
      state: 'closed',
      calls: 0,
      failures: 0,
      slowCalls: 0,
      retryAfterMs: 0,
      probes: 0,
      passed: 0,
    });
  });

  it('restarts the whole wait when the probe fails', () => {
    const { breaker, transitions } = tripped();
    breaker.settle(admit(breaker, 1000), 'failure', 1500);
    assert.deepEqual(breaker.acquire(2499), { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs: 1 });
    admit(breaker, 2500);
    assert.deepEqual(
      transitions.map(({ from, to, why }) => `${from} > ${to}: ${why}`),
      [
        'closed > open: failure ratio 1.00 of 20 calls',
        'open > half_open: 1000 ms have passed',
        'half_open > open: probe failed',
        'open > half_open: 1000 ms have passed',
      ],
    );
  });

  it('with three probes closes on the third success and opens on the first failure', () => {
    const { breaker } = tripped({ halfOpenProbes: 3 });
    const probes = [admit(breaker, 1000), admit(breaker, 1000), admit(breaker, 1000)];
    assert.equal(breaker.acquire(1000).admitted, false);
    for (const probe of probes.slice(0, 2)) breaker.settle(probe, 'success', 1001);
    assert.equal(breaker.acquire(1001).admitted, false, 'a place that was passed is not given again');
    breaker.settle(probes[2] as BreakerPermit, 'failure', 1002);
    assert.equal(breaker.snapshot(1002).state, 'open');
  });

  it('lets a call admitted before the trip decide nothing afterwards', () => {
    const breaker = new CircuitBreaker();
    const slow = admit(breaker, 0);
    for (let call = 0; call < 20; call++) breaker.settle(admit(breaker, 0), 'failure', 0);
    const probe = admit(breaker, 1000);
    breaker.settle(slow, 'success', 1001);
    assert.equal(breaker.snapshot(1001).state, 'half_open');
    breaker.settle(probe, 'failure', 1002);
    breaker.settle(slow, 'success', 1003);
    assert.equal(breaker.snapshot(1003).state, 'open');
  });

  it('gives the place of an ignored probe to the next call', () => {
    const { breaker } = tripped();
    breaker.settle(admit(breaker, 1000), 'ignored', 1001);
    admit(breaker, 1001);
    assert.equal(breaker.acquire(1001).admitted, false);
  });

  it('gives the place of a hung probe away at its deadline, or after the lease when that comes first', () => {
    const { breaker } = tripped();
    admit(breaker, 1000, 1500);
    assert.deepEqual(breaker.acquire(1400), { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs: 100 });
    admit(breaker, 1500);
    assert.equal(breaker.acquire(11_499).admitted, false);
    admit(breaker, 11_500);
  });

  it('lets the late verdict of a probe whose lease ran out count', () => {
    const { breaker } = tripped();
    const late = admit(breaker, 1000, 1500);
    admit(breaker, 1600);
    breaker.settle(late, 'success', 1700);
    assert.equal(breaker.snapshot(1700).state, 'closed');
  });

  it('takes one verdict from each probe, the first', () => {
    const { breaker } = tripped({ halfOpenProbes: 2 });
    const probe = admit(breaker, 1000);
    for (const verdict of ['success', 'success', 'failure'] as const) breaker.settle(probe, verdict, 1001);
    const { state, passed } = breaker.snapshot(1001);
    assert.deepEqual([state, passed], ['half_open', 1]);
  });

  it('counts neither way what is ignored while closed', () => {
    const breaker = new CircuitBreaker({ minimumCalls: 1 });
    breaker.settle(admit(breaker, 0), 'ignored', 0);
    assert.equal(breaker.snapshot(0).calls, 0);
  });

  it('trips on slow calls when told to, and takes a slow probe for a failed one', () => {
    const { breaker } = { breaker: new CircuitBreaker({ slowCallMs: 100, slowCallRatio: 0.5, minimumCalls: 4 }) };
    for (const durationMs of [99, 100, 99, 100]) breaker.settle(admit(breaker, 0), 'success', 0, durationMs);
    assert.equal(breaker.snapshot(0).state, 'open');
    breaker.settle(admit(breaker, 1000), 'success', 1100, 100);
    assert.equal(breaker.snapshot(1100).state, 'open');
  });

  it('judges the last so many calls when the window is counted', () => {
    const breaker = new CircuitBreaker({ windowCalls: 4, failureRatio: 0.75 });
    for (const verdict of ['failure', 'failure', 'success', 'success', 'success', 'failure', 'failure'] as const) {
      breaker.settle(admit(breaker, 0), verdict, 0);
      assert.equal(breaker.snapshot(0).state, 'closed');
    }
    breaker.settle(admit(breaker, 1_000_000), 'failure', 1_000_000);
    assert.equal(breaker.snapshot(1_000_000).state, 'open');
  });

  it('stays isolated until it is reset, and remembers nothing then', () => {
    const { breaker, transitions } = tripped();
    breaker.isolate();
    breaker.isolate();
    assert.deepEqual(breaker.acquire(1_000_000), {
      admitted: false,
      reason: 'CIRCUIT_ISOLATED',
      retryAfterMs: undefined,
    });
    breaker.reset();
    admit(breaker, 1_000_000);
    assert.deepEqual(
      transitions.slice(1).map(({ why }) => why),
      ['isolated by hand', 'reset by hand'],
    );
  });

  it('is not disturbed by a clock that jumps back', () => {
    const { breaker } = tripped();
    assert.equal(breaker.acquire(500).admitted, false);
    assert.deepEqual(breaker.acquire(-1e9), { admitted: false, reason: 'CIRCUIT_OPEN', retryAfterMs: 500 });
    admit(breaker, 1000);
  });

  it('refuses settings that are out of range or at odds, by name and rule', () => {
    const refused = (options: CircuitBreakerOptions, pattern: RegExp): void =>
      assert.throws(
        () => new CircuitBreaker(options),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({ failureRatio: 0 }, /circuitBreaker\.failureRatio is 0, but must be a number from 0\.001 to 1/);
    refused({ openMs: Number.NaN }, /circuitBreaker\.openMs is NaN/);
    refused({ windowMs: 1000, windowCalls: 10 }, /remove one/);
    refused({ windowCalls: 10, minimumCalls: 11 }, /at most circuitBreaker\.windowCalls \(10\)/);
    refused({ slowCallMs: 10 }, /slowCallMs is set without circuitBreaker\.slowCallRatio/);
    refused({ slowCallRatio: 0.1 }, /slowCallRatio is set without circuitBreaker\.slowCallMs/);
    refused({ failureRate: 0.5 } as CircuitBreakerOptions, /did you mean "failureRatio"/);
  });
});
