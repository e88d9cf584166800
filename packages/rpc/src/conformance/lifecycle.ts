import assert from 'node:assert/strict';
import { Code, succeed, type Call, type Status } from '@breakwater/core';
import { ListenError } from '../transport/listen-error.js';
import { cancelled, deferred, reached, untilCancelled, type Fixture, type TransportFeatures } from './fixture.js';
import { UNARY } from './methods.js';

/** Connections and listeners come and go. */
export function describeLifecycle(fixture: () => Fixture, features: TransportFeatures): void {
  it('a connection is idle until connect(), then connecting, then ready; listeners are never called synchronously', async () => {
    const listener = await fixture().listen([]);
    const connection = fixture().connect(listener.address);
    const states: string[] = [connection.state];
    await fixture().pause(20);
    assert.equal(connection.state, 'idle');
    let inside = true;
    connection.onStateChange(() => {
      assert.ok(!inside, 'called synchronously');
      states.push(connection.state);
    });
    connection.connect();
    inside = false;
    await reached(connection, 'ready');
    assert.deepEqual(
      states.filter((state, index) => state !== states[index - 1]),
      ['idle', 'connecting', 'ready'],
    );
    assert.equal(connection.error, undefined);
  });

  it('a listener that was taken off is not called any more', async () => {
    const listener = await fixture().listen([]);
    const connection = fixture().connect(listener.address);
    connection.onStateChange(() => assert.fail('called'))();
    connection.connect();
    await reached(connection, 'ready');
  });

  it('a connection that is refused fails with a reason, and recovers by itself when the server appears', async () => {
    const first = await fixture().listen([]);
    const { address } = first;
    await first.close();
    const connection = fixture().connect(address);
    connection.connect();
    await reached(connection, 'failed');
    assert.equal(connection.error?.code, Code.UNAVAILABLE);
    assert.equal(connection.error?.reason, 'CONNECT_FAILED');
    assert.match(connection.error?.details ?? '', new RegExp(String(address.port)));
    await fixture().listen([[UNARY, async () => succeed('back')]], { port: address.port });
    await reached(connection, 'ready');
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(outcome.ok && outcome.value === 'back');
  });

  it('a call on a connection that is not ready fails with UNAVAILABLE and was certainly not sent', async () => {
    const listener = await fixture().listen([[UNARY, async () => succeed(1)]]);
    const connection = fixture().connect(listener.address);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.sent, 'no');
  });

  it('a connection whose server went away leaves ready, and is back when the server is', async () => {
    const { listener, connection } = await fixture().pair([]);
    await listener.close();
    await fixture().until(() => connection.state !== 'ready');
    await fixture().listen([[UNARY, async () => succeed(1)]], { port: listener.address.port });
    await reached(connection, 'ready');
    assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1 }))).ok);
  });

  it('a call whose server dies ends with UNAVAILABLE, CONNECTION_LOST, and its handler is cancelled', async () => {
    const started = deferred();
    const seen = deferred<Status>();
    const { listener, connection } = await fixture().pair([
      [
        UNARY,
        (call) => {
          started.resolve();
          void cancelled(call).then(seen.resolve);
          return untilCancelled(call);
        },
      ],
    ]);
    const running = connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    await started.promise;
    await listener.close();
    const outcome = await running;
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.status.reason, 'CONNECTION_LOST');
    assert.equal(outcome.status.origin, 'remote');
    assert.equal(outcome.sent, 'unknown');
    await seen.promise;
    assert.equal(listener.inFlight, 0);
  });

  /** A pair with one call in flight, which ends when `answer` is resolved. */
  const busy = async () => {
    const started = deferred<Call>();
    const answer = deferred();
    const pair = await fixture().pair([
      [
        UNARY,
        async (call) => {
          started.resolve(call);
          await answer.promise;
          return succeed('finished');
        },
      ],
    ]);
    const running = pair.connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    await started.promise;
    return { ...pair, running, answer };
  };

  it('a draining connection takes no new call, lets those in flight finish, then closes', async () => {
    const { connection, running, answer } = await busy();
    const drained = connection.drain(60_000);
    assert.equal(connection.state, 'draining');
    const refused = await connection.call(UNARY, fixture().call(UNARY, { request: 2 }));
    assert.ok(!refused.ok);
    assert.equal(refused.status.code, Code.UNAVAILABLE);
    assert.equal(refused.sent, 'no');
    answer.resolve();
    const outcome = await running;
    assert.ok(outcome.ok && outcome.value === 'finished');
    await drained;
    assert.equal(connection.state, 'closed');
  });

  it('a drain that takes longer than its grace ends the calls that are left', async () => {
    const { connection, running } = await busy();
    await connection.drain(10);
    assert.equal(connection.state, 'closed');
    const outcome = await running;
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.reason, 'CLIENT_CLOSED');
  });

  it('a drain without calls in flight closes at once', async () => {
    const { connection } = await fixture().pair([]);
    await connection.drain(Number.POSITIVE_INFINITY);
    assert.equal(connection.state, 'closed');
  });

  it('close() ends calls in flight with UNAVAILABLE, CLIENT_CLOSED, for good; twice is as good as once', async () => {
    const { connection, running } = await busy();
    connection.close();
    connection.close();
    const outcome = await running;
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.status.reason, 'CLIENT_CLOSED');
    assert.equal(outcome.status.origin, 'local');
    assert.equal(connection.state, 'closed');
    connection.connect();
    assert.equal(connection.state, 'closed');
    const late = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(!late.ok && late.sent === 'no' && late.status.reason === 'CLIENT_CLOSED');
  });

  it('a draining listener lets calls in flight finish; its connections leave ready and are refused', async () => {
    const { listener, connection, running, answer } = await busy();
    assert.equal(listener.inFlight, 1);
    let drained = false;
    const draining = listener.drain().then(() => {
      drained = true;
    });
    await fixture().until(() => connection.state !== 'ready');
    assert.ok(!drained);
    answer.resolve();
    const outcome = await running;
    assert.ok(outcome.ok, JSON.stringify(outcome));
    await draining;
    assert.equal(listener.inFlight, 0);
    await reached(connection, 'failed');
  });

  it('a listener without calls drains at once, and closes', async () => {
    const { listener } = await fixture().pair([]);
    await listener.drain();
    await listener.close();
    await listener.close();
    await fixture().listen([], { port: listener.address.port });
  });

  it('a closed listener frees its port and cancels its handlers', async () => {
    const { listener, running } = await busy();
    await listener.close();
    assert.ok(!(await running).ok);
    const again = await fixture().listen([], { port: listener.address.port });
    assert.equal(again.address.port, listener.address.port);
  });

  it('a port that is taken is a ListenError that names port and option', async () => {
    const listener = await fixture().listen([]);
    await assert.rejects(fixture().listen([], { port: listener.address.port }), (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.systemCode, 'EADDRINUSE');
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${listener.address.port}`));
      assert.match(error.message, /option "port"/);
      if (features.sockets !== false && process.platform === 'linux')
        assert.match(error.message, new RegExp(`pid ${process.pid}`));
      return true;
    });
  });
}
