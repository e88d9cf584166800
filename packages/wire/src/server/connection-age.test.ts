import assert from 'node:assert/strict';
import type { ServerLimits } from '@breakwater/rpc';
import type { ServerSession } from '../http2/server-session.js';
import { RefClock } from '../http2/testing/ref-clock.js';
import { ConnectionAge } from './connection-age.js';

const NEVER = Number.POSITIVE_INFINITY;

/** @param random between 0 and 1 */
function make(limits: Partial<ServerLimits>, random = 0.5) {
  const clock = new RefClock();
  const log: string[] = [];
  const said = (what: string) => (why: string) => log.push(`${clock.now()} ${what}: ${why}`);
  const session = { drain: said('drain'), close: said('close') };
  const all = { maxConnectionAgeMs: NEVER, maxConnectionAgeGraceMs: NEVER, maxConnectionIdleMs: NEVER, ...limits };
  const age = new ConnectionAge(session as unknown as ServerSession, all as ServerLimits, clock, {
    next: () => random,
  });
  return { clock, log, age };
}

describe('ConnectionAge', () => {
  it('leaves a connection alone for ever when there are no limits', () => {
    assert.equal(make({}).clock.pendingTimers, 0);
  });

  it('sends a client away at the age, and cuts its calls off after the grace', () => {
    const { clock, log } = make({ maxConnectionAgeMs: 1000, maxConnectionAgeGraceMs: 300 });
    clock.tick(999);
    assert.deepEqual(log, []);
    clock.tick(1000);
    assert.deepEqual(log, ['1000 drain: max_age', '1300 close: max_age, and its calls were not over within the grace']);
    assert.equal(clock.pendingTimers, 0);
  });

  it('waits for its calls for ever without a grace', () => {
    const { clock, log } = make({ maxConnectionAgeMs: 1000 });
    clock.tick(1e9);
    assert.deepEqual(log, ['1000 drain: max_age']);
    assert.equal(clock.pendingTimers, 0);
  });

  it('spreads the age by a tenth, so that clients that came together do not leave together', () => {
    const when = [0, 0.25, 1 - 1e-9].map((random) => {
      const { clock, log } = make({ maxConnectionAgeMs: 1000 }, random);
      clock.tick(2000);
      return Math.round(Number.parseFloat(log[0] ?? ''));
    });
    assert.deepEqual(when, [900, 950, 1100]);
  });

  it('sends a client away that has not called for long, also one that never did', () => {
    const { clock, log, age } = make({ maxConnectionIdleMs: 100 });
    clock.tick(99);
    age.onIdleChange(false);
    clock.tick(1000);
    assert.deepEqual(log, []);
    age.onIdleChange(true);
    clock.tick(99);
    assert.deepEqual(log, []);
    clock.tick(1);
    assert.deepEqual(log, ['1199 drain: max_idle']);
    const never = make({ maxConnectionIdleMs: 100 });
    never.clock.tick(100);
    assert.deepEqual(never.log, ['100 drain: max_idle']);
  });

  it('keeps no process alive', () => {
    const { clock } = make({ maxConnectionAgeMs: 1000, maxConnectionAgeGraceMs: 300, maxConnectionIdleMs: 500 });
    clock.tick(5000);
    assert.equal(clock.refs, 0);
  });

  it('has no timer any more once it is stopped', () => {
    const limits = { maxConnectionAgeMs: 1000, maxConnectionAgeGraceMs: 300, maxConnectionIdleMs: 5000 };
    for (const after of [0, 1000]) {
      const { clock, age } = make(limits);
      clock.tick(after);
      age.stop();
      assert.equal(clock.pendingTimers, 0);
    }
  });
});
