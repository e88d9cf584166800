import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import fc from 'fast-check';
import type { Endpoint, EndpointHealth } from './endpoint.js';
import { MassLossGuard } from './mass-loss-guard.js';
import { anEndpoint } from './testing/an-endpoint.js';

const healthy = (...ids: readonly string[]): readonly Endpoint[] => ids.map((id) => anEndpoint(id));
const critical = (...ids: readonly string[]): readonly Endpoint[] =>
  ids.map((id) => anEndpoint(id, { health: 'critical' }));
const show = (endpoints: readonly Endpoint[]): readonly string[] =>
  endpoints.map(({ id, health }) => `${id}:${health}`).sort();

describe('MassLossGuard', () => {
  it('drops an instance at once that vanishes while others stay', () => {
    const guard = new MassLossGuard();
    guard.update(healthy('a', 'b', 'c'), 0);
    assert.deepEqual(show(guard.update(healthy('a', 'b'), 1)), ['a:passing', 'b:passing']);
  });

  it('drops half at once: more than half is what it takes', () => {
    const guard = new MassLossGuard();
    guard.update(healthy('a', 'b'), 0);
    assert.deepEqual(show(guard.update(healthy('a'), 1)), ['a:passing']);
  });

  it('holds as suspect what vanishes when more than half does', () => {
    const guard = new MassLossGuard();
    guard.update(healthy('a', 'b', 'c'), 0);
    assert.deepEqual(show(guard.update(healthy('c'), 1)), ['a:suspect', 'b:suspect', 'c:passing']);
  });

  it('counts what vanishes and what turns critical together', () => {
    const guard = new MassLossGuard();
    guard.update(healthy('a', 'b', 'c'), 0);
    assert.deepEqual(show(guard.update([...healthy('a'), ...critical('b')], 1)), [
      'a:passing',
      'b:suspect',
      'c:suspect',
    ]);
  });

  it('lets a suspect go after suspectTtlMs, and not before', () => {
    const guard = new MassLossGuard(60_000);
    guard.update(healthy('a'), 0);
    guard.update([], 1_000);
    assert.equal(guard.nextExpiry, 61_000);
    assert.deepEqual(show(guard.expire(60_999)), ['a:suspect']);
    assert.deepEqual(show(guard.expire(61_000)), []);
    assert.equal(guard.nextExpiry, undefined);
  });

  it('calls a suspect critical again when its time is over and it still is', () => {
    const guard = new MassLossGuard(60_000);
    guard.update(healthy('a'), 0);
    guard.update(critical('a'), 0);
    assert.deepEqual(show(guard.expire(59_999)), ['a:suspect']);
    assert.deepEqual(show(guard.expire(60_000)), ['a:critical']);
  });

  it('is not made to wait longer by being told of the same loss again', () => {
    const guard = new MassLossGuard(60_000);
    guard.update(healthy('a', 'b'), 0);
    guard.update([], 1_000);
    guard.update([], 50_000);
    assert.deepEqual(show(guard.update([], 61_000)), []);
  });

  it('believes at once that a suspect is healthy again', () => {
    const guard = new MassLossGuard();
    guard.update(healthy('a', 'b'), 0);
    guard.update([], 1);
    assert.deepEqual(show(guard.update(healthy('a'), 2)), ['a:passing', 'b:suspect']);
  });

  it('never holds what was not healthy before', () => {
    const guard = new MassLossGuard();
    guard.update(critical('a', 'b'), 0);
    assert.deepEqual(show(guard.update([], 1)), []);
  });

  it('keeps address and generation of a suspect as they were last told', () => {
    const guard = new MassLossGuard();
    const endpoint = anEndpoint('a', { host: '10.0.0.9', generation: '7', weight: 3 });
    guard.update([endpoint], 0);
    assert.deepEqual(guard.update([], 1), [{ ...endpoint, health: 'suspect' }]);
  });

  it('is off with a suspectTtlMs of 0', () => {
    const guard = new MassLossGuard(0);
    guard.update(healthy('a'), 0);
    assert.deepEqual(guard.update([], 1), []);
    assert.throws(() => new MassLossGuard(-1), ConfigError);
    assert.throws(() => new MassLossGuard(Number.NaN), ConfigError);
  });

  it('does what the rule says, over any history', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const health = fc.constantFrom<EndpointHealth | 'gone'>('passing', 'passing', 'warning', 'critical', 'gone');
    const step = fc.record({ healths: fc.tuple(...ids.map(() => health)), waitMs: fc.nat(150) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const guard = new MassLossGuard(100);
        // The naive model: per instance what was told last, and since when it is suspect.
        let told = new Map<string, EndpointHealth | 'gone'>();
        const suspectUntil = new Map<string, number>();
        let now = 0;
        for (const { healths, waitMs } of steps) {
          now += waitMs;
          const next = new Map(ids.map((id, index) => [id, healths[index] ?? 'gone']));
          const wasHealthy = ids.filter((id) => ['passing', 'warning'].includes(told.get(id) ?? 'gone'));
          const lost = wasHealthy.filter((id) => ['critical', 'gone'].includes(next.get(id) ?? 'gone'));
          if (lost.length > wasHealthy.length / 2) for (const id of lost) suspectUntil.set(id, now + 100);
          told = next;
          for (const id of ids) {
            const isWell = ['passing', 'warning'].includes(told.get(id) ?? 'gone');
            if (isWell || (suspectUntil.get(id) ?? 0) <= now) suspectUntil.delete(id);
          }
          const expected = ids.flatMap((id) => {
            const state = suspectUntil.has(id) ? 'suspect' : told.get(id);
            return state === 'gone' ? [] : [`${id}:${state}`];
          });
          const found = ids.flatMap((id) => {
            const state = told.get(id) ?? 'gone';
            return state === 'gone' ? [] : [anEndpoint(id, { health: state })];
          });
          assert.deepEqual(show(guard.update(found, now)), expected);
          assert.equal(guard.nextExpiry, suspectUntil.size === 0 ? undefined : Math.min(...suspectUntil.values()));
        }
      }),
    );
  });
});
