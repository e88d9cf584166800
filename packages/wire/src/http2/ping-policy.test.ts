import assert from 'node:assert/strict';
import { PingPolicy } from './ping-policy.js';

const MIN_MS = 300_000;
const HOURS_MS = 3_600_000;

describe('PingPolicy', () => {
  it('bears a PING every five minutes while there are calls', () => {
    const policy = new PingPolicy(MIN_MS);
    for (let count = 0; count < 100; count++) assert.equal(policy.onPing(count * MIN_MS, true, 0), true);
  });

  it('sends a peer away at its third PING that came too early', () => {
    const policy = new PingPolicy(MIN_MS);
    assert.equal(policy.onPing(0, true, 0), true);
    assert.equal(policy.onPing(1000, true, 0), true);
    assert.equal(policy.onPing(2000, true, 0), true);
    assert.equal(policy.onPing(3000, true, 0), false);
  });

  it('forgets no early PING because of one in time', () => {
    const policy = new PingPolicy(MIN_MS);
    let now = 0;
    const ping = (afterMs: number): boolean => policy.onPing((now += afterMs), true, 0);
    assert.deepEqual(
      [ping(0), ping(1), ping(MIN_MS), ping(1), ping(MIN_MS), ping(1)],
      [true, true, true, true, true, false],
    );
  });

  it('wants two hours between them while there are no calls', () => {
    const policy = new PingPolicy(MIN_MS);
    for (let count = 0; count < 5; count++) assert.equal(policy.onPing(count * 2 * HOURS_MS, false, 0), true);
    const hourly = new PingPolicy(MIN_MS);
    const answers = [0, 1, 2, 3].map((hours) => hourly.onPing(hours * HOURS_MS, false, 0));
    assert.deepEqual(answers, [true, true, true, false]);
  });

  it('wants the longer of both, where an interval of more than two hours is set', () => {
    const policy = new PingPolicy(3 * HOURS_MS);
    const answers = [0, 2.5, 5, 7.5].map((hours) => policy.onPing(hours * HOURS_MS, false, 0));
    assert.deepEqual(answers, [true, true, true, false]);
  });

  it('bears any number of PINGs while headers or payload are sent between them', () => {
    const policy = new PingPolicy(MIN_MS);
    for (let sent = 0; sent < 100; sent++) assert.equal(policy.onPing(sent, true, sent), true);
  });

  it('counts the interval also from a PING that it had reason to bear', () => {
    const policy = new PingPolicy(MIN_MS);
    const answers = [0, MIN_MS, MIN_MS + 1, MIN_MS + 2, MIN_MS + 3].map((now, index) =>
      policy.onPing(now, true, index > 0 ? 1 : 0),
    );
    assert.deepEqual(answers, [true, true, true, true, false]);
  });

  it('clears the record of a peer whose call was answered', () => {
    const policy = new PingPolicy(MIN_MS);
    const answers = [0, 0, 0, 1, 1, 1, 1].map((sent, index) => policy.onPing(index, true, sent));
    assert.deepEqual(answers, [true, true, true, true, true, true, false]);
  });
});
