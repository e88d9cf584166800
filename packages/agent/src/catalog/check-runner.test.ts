import assert from 'node:assert/strict';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import { Catalog } from './catalog.js';
import { CheckRunner, type ProbeResult } from './check-runner.js';
import type { CheckDefinition, CheckKind, CheckStatus } from './records.js';

describe('CheckRunner', () => {
  let clock: FakeClock;
  let catalog: Catalog;
  let runner: CheckRunner;
  let probed: number[];
  let answer: () => Promise<ProbeResult>;
  let cancelled: number;
  beforeEach(() => {
    clock = new FakeClock();
    catalog = new Catalog();
    probed = [];
    cancelled = 0;
    answer = () => Promise.resolve({ status: 'passing', output: 'fine' });
    runner = new CheckRunner(catalog, clock, fixedRandom(0.25), () => {
      probed.push(clock.now());
      return { result: answer(), cancel: () => void (cancelled += 1) };
    });
  });
  afterEach(() => {
    runner.close();
    assert.equal(clock.pendingTimers, 0);
  });
  const register = (kind: CheckKind, status: CheckStatus = 'critical', deregisterAfterMs?: number): void => {
    const check: CheckDefinition = { id: 'c', name: 'c', notes: '', status, kind, deregisterAfterMs };
    catalog.register({
      id: 's',
      name: 's',
      address: '',
      port: 1,
      tags: [],
      meta: {},
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      checks: [check],
    });
    runner.start(check);
  };
  const status = (): string | undefined => catalog.check('c')?.status;
  const ttl: CheckKind = { type: 'ttl', ttlMs: 10_000 };
  const grpc: CheckKind = {
    type: 'grpc',
    address: 'x:1',
    service: '',
    tls: false,
    verify: true,
    intervalMs: 4_000,
    timeoutMs: 1_000,
  };

  it('lets a TTL expire to critical, counted from the last sign of life', async () => {
    register(ttl, 'passing');
    await clock.advance(9_000);
    assert.equal(runner.update('c', 'passing', 'alive'), true);
    await clock.advance(9_999);
    assert.equal(status(), 'passing');
    await clock.advance(1);
    assert.deepEqual([status(), catalog.check('c')?.output], ['critical', 'TTL expired']);
    runner.update('c', 'warning', '');
    assert.equal(status(), 'warning');
  });

  it('counts a TTL from the registration too, and starts it anew with the next', async () => {
    register(ttl, 'passing');
    await clock.advance(6_000);
    register(ttl, 'passing');
    await clock.advance(6_000);
    assert.equal(status(), 'passing');
    await clock.advance(4_000);
    assert.equal(status(), 'critical');
  });

  it('takes no sign of life for what is not there or is no TTL check', () => {
    assert.equal(runner.update('c', 'passing', ''), false);
    register(grpc);
    assert.equal(runner.update('c', 'passing', ''), false);
  });

  it('probes after a random part of the interval, then on it', async () => {
    register(grpc);
    await clock.advance(13_000);
    assert.deepEqual(probed, [1_000, 5_000, 9_000, 13_000]);
    assert.equal(status(), 'passing');
    answer = () => Promise.resolve({ status: 'critical', output: 'NOT_SERVING' });
    await clock.advance(4_000);
    assert.deepEqual([status(), catalog.check('c')?.output], ['critical', 'NOT_SERVING']);
  });

  it('ignores a probe that ends after its service has gone, and ends it', async () => {
    let settle: (result: ProbeResult) => void = () => {};
    answer = () => new Promise((resolve) => (settle = resolve));
    register(grpc);
    await clock.advance(1_000);
    runner.deregister('s');
    assert.equal(cancelled, 1);
    settle({ status: 'passing', output: '' });
    await clock.advance(20_000);
    assert.equal(probed.length, 1);
  });

  it('drops a service that was critical for its time, when the reaper next looks', async () => {
    register(ttl, 'critical', 60_000);
    await clock.advance(59_999);
    assert.ok(catalog.service('s'));
    await clock.advance(1);
    assert.equal(catalog.service('s'), undefined);
    assert.equal(catalog.check('c'), undefined);
  });

  it('takes anything under a minute for a minute', async () => {
    register(ttl, 'critical', 1_000);
    await clock.advance(30_000);
    assert.ok(catalog.service('s'));
    await clock.advance(30_000);
    assert.equal(catalog.service('s'), undefined);
  });

  it('counts the time critical without interruption only, and never drops without being asked to', async () => {
    register(ttl, 'critical', 60_000);
    await clock.advance(50_000);
    runner.update('c', 'passing', '');
    await clock.advance(69_000);
    assert.ok(catalog.service('s'), 'critical again since 60,000 only');
    await clock.advance(51_000);
    assert.equal(catalog.service('s'), undefined);
    register(ttl, 'critical');
    await clock.advance(10_000_000);
    assert.ok(catalog.service('s'));
  });
});
