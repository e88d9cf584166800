import assert from 'node:assert/strict';
import { Cancellation, Code, MAX_TIMEOUT_MS, succeed, type Call, type Outcome, type Status } from '@breakwater/core';
import type { Connection } from '../transport/transport.js';
import {
  BY_CALLER,
  cancelled,
  deferred,
  RecordingSink,
  untilCancelled,
  type Deferred,
  type Fixture,
  type Handlers,
} from './fixture.js';
import { BIDI, CLIENT_STREAM, SERVER_STREAM, UNARY } from './methods.js';

/** Deadlines and cancellation, on both sides. */
export function describeEndings(fixture: () => Fixture): void {
  /** A handler that answers when its call is cancelled, and tells what it saw. */
  const watching = (started: Deferred<Call>, seen: Deferred<Status>): Handlers =>
    [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI].map((method) => [
      method,
      (call) => {
        started.resolve(call);
        void cancelled(call).then(seen.resolve);
        return untilCancelled(call);
      },
    ]);

  const expectExpired = (outcome: Outcome): void => {
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.DEADLINE_EXCEEDED);
    assert.equal(outcome.status.reason, 'DEADLINE_EXCEEDED');
  };

  it('a call whose deadline has passed ends at once and is never sent', async () => {
    let calls = 0;
    const { connection } = await fixture().pair([[UNARY, async () => succeed(++calls)]]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1, deadline: fixture().in(-1) }));
    expectExpired(outcome);
    assert.ok(!outcome.ok && outcome.sent === 'no');
    assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1 }))).ok);
    assert.equal(calls, 1);
  });

  it('the handler is given the time that is left, not more', async () => {
    const { connection } = await fixture().pair([[UNARY, async (call) => succeed(call.deadline - call.now)]]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1, deadline: fixture().in(5000) }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    const left = outcome.value as number;
    assert.ok(left > 0 && left <= 5001, `${left} ms left of 5000`);
  });

  it('without a deadline the handler has none', async () => {
    const { connection } = await fixture().pair([
      [UNARY, async (call) => succeed(call.deadline === Number.POSITIVE_INFINITY)],
    ]);
    const outcome = await connection.call(
      UNARY,
      fixture().call(UNARY, { request: 1, deadline: Number.POSITIVE_INFINITY }),
    );
    assert.ok(outcome.ok && outcome.value === true);
  });

  it('deadlines of 24 hours, 26 days and 60 days do not overflow', async () => {
    const { connection } = await fixture().pair([[UNARY, async (call) => succeed(call.deadline - call.now)]]);
    for (const days of [1, 26, 60]) {
      const outcome = await connection.call(
        UNARY,
        fixture().call(UNARY, { request: 1, deadline: fixture().in(days * MAX_TIMEOUT_MS) }),
      );
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.ok((outcome.value as number) > MAX_TIMEOUT_MS / 2, `${days} days became ${String(outcome.value)} ms`);
    }
  });

  it('at the deadline the caller gets DEADLINE_EXCEEDED, and so does the handler, for every kind', async () => {
    for (const method of [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI]) {
      const seen = deferred<Status>();
      const { connection } = await fixture().pair(watching(deferred(), seen));
      const outcome = await connection.call(
        method,
        fixture().call(method, { ...open(method), deadline: fixture().in(30) }),
      );
      expectExpired(outcome);
      assert.ok(!outcome.ok && outcome.status.origin === 'remote');
      // A little early or late, the end of the stream may reach the handler before its own timer fires.
      assert.ok([Code.DEADLINE_EXCEEDED, Code.CANCELLED].includes((await seen.promise).code));
    }
  });

  it('the deadline fires for the handler although the caller does not end the call', async () => {
    const status = deferred<Status>();
    const { connection } = await fixture().pair([
      [
        UNARY,
        async (call) => {
          status.resolve(await cancelled(call));
          return untilCancelled(call);
        },
      ],
    ]);
    void connection.call(UNARY, fixture().call(UNARY, { request: 1, deadline: fixture().in(25) }));
    assert.equal((await status.promise).origin, 'local');
  });

  const cancelWhen = async (
    connection: Connection,
    method: typeof UNARY,
    when: (cancel: () => void) => unknown,
  ): Promise<Outcome> => {
    const cancellation = new Cancellation();
    const running = connection.call(method, fixture().call(method, { ...open(method), cancellation }));
    await when(() => cancellation.cancel(BY_CALLER));
    const outcome = await running;
    assert.equal(cancellation.listenerCount, 0);
    return outcome;
  };

  it('a call that is cancelled before its start ends with that status and is never sent', async () => {
    let calls = 0;
    const { connection } = await fixture().pair([[UNARY, async () => succeed(++calls)]]);
    const cancellation = new Cancellation();
    cancellation.cancel(BY_CALLER);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1, cancellation }));
    assert.ok(!outcome.ok);
    assert.deepEqual(outcome.status, BY_CALLER);
    assert.equal(outcome.sent, 'no');
    assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1 }))).ok);
    assert.equal(calls, 1);
  });

  for (const [when, wait] of [
    ['tick', () => undefined],
    ['microtask', () => Promise.resolve()],
  ] as const) {
    it(`a call that is cancelled in the ${when} of its start never reaches a handler`, async () => {
      let calls = 0;
      const { connection } = await fixture().pair([[UNARY, async () => succeed(++calls)]]);
      const outcome = await cancelWhen(connection, UNARY, (cancel) => {
        const pause = wait();
        if (pause === undefined) cancel();
        else return pause.then(cancel);
        return undefined;
      });
      assert.ok(!outcome.ok);
      assert.deepEqual(outcome.status, BY_CALLER);
      assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1 }))).ok);
      assert.equal(calls, 1);
    });
  }

  it('a call that is cancelled while it runs ends with that status, and its handler learns of it, for every kind', async () => {
    for (const method of [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI]) {
      const started = deferred<Call>();
      const seen = deferred<Status>();
      const { connection, listener } = await fixture().pair(watching(started, seen));
      const outcome = await cancelWhen(connection, method, (cancel) => started.promise.then(cancel));
      assert.ok(!outcome.ok);
      assert.deepEqual(outcome.status, BY_CALLER);
      assert.equal(outcome.sent, 'unknown');
      assert.equal((await seen.promise).code, Code.CANCELLED);
      await fixture().until(() => listener.inFlight === 0);
    }
  });

  it('a call that has ended leaves no listener behind, and its handler is not told of a cancellation', async () => {
    let handled: Call | undefined;
    const { connection, listener } = await fixture().pair([
      [
        UNARY,
        async (call) => {
          handled = call;
          return succeed(1);
        },
      ],
    ]);
    const cancellation = new Cancellation();
    assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1, cancellation }))).ok);
    assert.equal(cancellation.listenerCount, 0);
    await fixture().until(() => listener.inFlight === 0);
    assert.equal(handled?.cancellation.cancelled, false);
  });
}

/** A request side that stays open, and a sink where one is needed. */
function open(method: typeof UNARY): Partial<Call> {
  const requests = method.kind === 'client_stream' || method.kind === 'bidi' ? { requests: endless() } : { request: 1 };
  return method.kind === 'server_stream' || method.kind === 'bidi'
    ? { ...requests, responses: new RecordingSink() }
    : requests;
}

/** One message, then silence until it is closed. */
function endless(): AsyncIterable<unknown> {
  let sent = false;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (sent) return new Promise(() => {});
        sent = true;
        return Promise.resolve({ value: 1, done: false });
      },
      return: () => Promise.resolve({ value: undefined, done: true }),
    }),
  };
}
