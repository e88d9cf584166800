import assert from 'node:assert/strict';
import { PeerSettings } from '../http2/settings.js';
import { type PooledSession, SessionPool } from './session-pool.js';

/** A session as the pool sees it. */
class Session implements PooledSession {
  aging = false;
  hasRoom = true;
  load = 0;
  opened = 1;
  left = false;
  readonly peer = new PeerSettings();
  leave(): void {
    this.left = true;
  }
  close(): void {}
  keepAwake(): void {}
}

describe('the sessions of an endpoint', () => {
  let pool: SessionPool<Session>;
  let sessions: readonly [Session, Session, Session];
  beforeEach(() => {
    pool = new SessionPool();
    sessions = [new Session(), new Session(), new Session()];
    for (const session of sessions) pool.add(session);
  });

  it('get calls in the order in which they came, as far as they have room', () => {
    const [first, second, third] = sessions;
    assert.equal(pool.withRoom(), first);
    first.hasRoom = false;
    assert.equal(pool.withRoom(), second);
    second.hasRoom = false;
    assert.equal(pool.withRoom(), third);
    third.hasRoom = false;
    assert.equal(pool.withRoom(), undefined);
    first.hasRoom = true;
    assert.equal(pool.withRoom(), first);
  });

  it('move up when the first has gone', () => {
    const [first, second, third] = sessions;
    assert.equal(pool.remove(first), true);
    assert.equal(pool.remove(first), false);
    assert.equal(pool.withRoom(), second);
    assert.equal(pool.remove(third), true);
    assert.deepEqual([...pool], [second]);
    assert.equal(pool.remove(second), true);
    assert.equal(pool.size, 0);
    assert.equal(pool.withRoom(), undefined);
  });

  it('are let go when they had no call between two looks, but never the first', () => {
    const [first, , third] = sessions;
    pool.trim();
    third.opened += 2;
    pool.trim();
    assert.deepEqual(
      sessions.map(({ left }) => left),
      [false, true, false],
    );
    third.load = 1;
    pool.trim();
    pool.trim();
    assert.equal(third.left, false, 'a call is on it');
    third.load = 0;
    pool.trim();
    pool.trim();
    assert.equal(third.left, true);
    assert.deepEqual([...pool], [first]);
  });

  it('give way to a new one when they have asked for a successor', () => {
    const [first, second, third] = sessions;
    first.aging = true;
    third.aging = true;
    assert.equal(pool.aging, true);
    const successor = new Session();
    pool.add(successor);
    assert.deepEqual([...pool], [second, successor]);
    assert.deepEqual(
      sessions.map(({ left }) => left),
      [true, false, true],
    );
    assert.equal(pool.aging, false);
  });

  it('expect of a further one what the first takes', () => {
    assert.equal(pool.expectedRoom, Number.POSITIVE_INFINITY);
    sessions[0].peer.maxConcurrentStreams = 100;
    assert.equal(pool.expectedRoom, 100);
    sessions[0].peer.maxConcurrentStreams = 0;
    assert.equal(pool.expectedRoom, 1);
    assert.equal(new SessionPool().expectedRoom, 1);
  });
});
