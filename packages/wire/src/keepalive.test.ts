import assert from 'node:assert/strict';
import { RefClock } from './http2/testing/ref-clock.js';
import { Keepalive, type KeepaliveOptions, type LivingSession } from './keepalive.js';

class FakeSession implements LivingSession {
  ended = false;
  received = 0;
  load = 1;
  pings = 0;
  abandoned: string | undefined;

  ping(): void {
    this.pings += 1;
  }
  abandon(why: string): void {
    this.abandoned = why;
    this.ended = true;
  }
}

function make(options: Partial<KeepaliveOptions> = {}) {
  const clock = new RefClock();
  const session = new FakeSession();
  const keepalive = new Keepalive(session, { timeMs: 1000, timeoutMs: 200, whenIdle: false, ...options }, clock);
  return { clock, session, keepalive };
}

describe('Keepalive', () => {
  it('asks a peer that has been silent, and gives it up when it stays so', () => {
    const { clock, session } = make();
    clock.tick(999);
    assert.equal(session.pings, 0);
    clock.tick(1);
    assert.equal(session.pings, 1);
    clock.tick(199);
    assert.equal(session.abandoned, undefined);
    clock.tick(1);
    assert.equal(session.abandoned, 'no answer to a PING within 200 ms');
    assert.equal(clock.pendingTimers, 0);
    assert.equal(clock.refs, 0, 'no process lives for it');
  });

  it('does not ask a peer that speaks', () => {
    const { clock, session } = make();
    for (let count = 0; count < 20; count++) {
      session.received += 9;
      clock.tick(600);
    }
    assert.equal(session.pings, 0);
  });

  it('takes anything that comes for a sign of life, and asks again after the next silence', () => {
    const { clock, session } = make();
    for (let count = 1; count <= 3; count++) {
      clock.tick(1000);
      assert.equal(session.pings, count);
      session.received += 17;
      clock.tick(200);
    }
    clock.tick(1000 + 200);
    assert.equal(session.abandoned, 'no answer to a PING within 200 ms');
  });

  it('finds out within two periods and the timeout, whenever the peer fell silent', () => {
    for (const lastWordAt of [0, 1, 500, 999]) {
      const { clock, session } = make();
      clock.tick(lastWordAt);
      session.received += 1;
      clock.tick(2 * 1000 + 200 - lastWordAt);
      assert.notEqual(session.abandoned, undefined, `last word at ${lastWordAt} ms`);
    }
  });

  it('asks nobody while there are no calls, unless it is told to', () => {
    const { clock, session } = make();
    session.load = 0;
    clock.tick(60_000);
    assert.equal(session.pings, 0);
    session.load = 1;
    clock.tick(1000);
    assert.equal(session.pings, 1);
    const idle = make({ whenIdle: true });
    idle.session.load = 0;
    idle.clock.tick(1000);
    assert.equal(idle.session.pings, 1);
  });

  it('has no timer any more once it is stopped, or the session has ended', () => {
    const stopped = make();
    stopped.keepalive.stop();
    assert.equal(stopped.clock.pendingTimers, 0);
    const asked = make();
    asked.clock.tick(1000);
    asked.keepalive.stop();
    assert.equal(asked.clock.pendingTimers, 0);
    for (const after of [0, 1000]) {
      const { clock, session } = make();
      clock.tick(after);
      session.ended = true;
      clock.tick(5000);
      assert.deepEqual([session.pings, session.abandoned, clock.pendingTimers], [after === 0 ? 0 : 1, undefined, 0]);
    }
  });
});
