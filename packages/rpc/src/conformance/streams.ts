import assert from 'node:assert/strict';
import { Code, fail, succeed, type Status } from '@breakwater/core';
import { BY_CALLER, cancelled, deferred, RecordingSink, send, type Fixture } from './fixture.js';
import { BIDI, CLIENT_STREAM, SERVER_STREAM } from './methods.js';

const KILOBYTES_16 = 'x'.repeat(16 * 1024);
/** 64 MB in all: more than any buffer on the way may hold. */
const MANY = 4000;
/** 24 MB: room for socket buffers and flow-control windows, none for "everything". */
const BOUND = 1500;

/** How streams wait, and how they end early. */
export function describeStreams(fixture: () => Fixture): void {
  it('a caller that does not take messages holds the handler up', async () => {
    let produced = 0;
    const { connection } = await fixture().pair([
      [
        SERVER_STREAM,
        async (call) => {
          for (; produced < MANY; produced++) await send(call, [KILOBYTES_16]);
          return succeed(undefined);
        },
      ],
    ]);
    const gate = deferred();
    const sink = new RecordingSink(() => gate.promise);
    const running = connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, { request: 1, responses: sink }));
    await fixture().until(() => sink.messages.length > 0);
    const held = await fixture().settled(() => produced);
    assert.ok(held < BOUND, `${held} of ${MANY} messages were produced for a caller who takes none`);
    assert.equal(sink.messages.length, 1);
    gate.resolve();
    assert.ok((await running).ok);
    assert.equal(sink.messages.length, MANY);
  });

  it('a handler that does not read holds the request stream up', async () => {
    let produced = 0;
    async function* requests(): AsyncGenerator<string> {
      for (; produced < MANY; produced++) yield KILOBYTES_16;
    }
    const gate = deferred();
    const { connection } = await fixture().pair([
      [
        CLIENT_STREAM,
        async (call) => {
          let count = 0;
          await gate.promise;
          for await (const _ of call.requests ?? []) count++;
          return succeed(count);
        },
      ],
    ]);
    const running = connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: requests() }));
    await fixture().until(() => produced > 0);
    const held = await fixture().settled(() => produced);
    assert.ok(held < BOUND, `${held} of ${MANY} requests were pulled for a handler that reads none`);
    gate.resolve();
    const outcome = await running;
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(outcome.value, MANY);
  });

  it('a handler that answers before the request stream has ended closes its source', async () => {
    const { connection } = await fixture().pair([
      [
        CLIENT_STREAM,
        async (call) => {
          for await (const one of call.requests ?? []) if (one === 3) break;
          return succeed('enough');
        },
      ],
    ]);
    const source = new WatchedSource();
    const outcome = await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: source }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(outcome.value, 'enough');
    await fixture().until(() => source.returned);
  });

  it('a handler that fails before the request stream has ended closes its source', async () => {
    const denied: Status = { code: Code.PERMISSION_DENIED, details: 'not you', origin: 'handler' };
    const { connection } = await fixture().pair([
      [CLIENT_STREAM, async () => fail(denied)],
      [BIDI, async () => fail(denied)],
    ]);
    for (const method of [CLIENT_STREAM, BIDI]) {
      const source = new WatchedSource();
      const responses = method === BIDI ? { responses: new RecordingSink() } : {};
      const outcome = await connection.call(method, fixture().call(method, { requests: source, ...responses }));
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.PERMISSION_DENIED);
      await fixture().until(() => source.returned);
    }
  });

  it('a request source that throws cancels the call', async () => {
    const seen = deferred<Status>();
    const started = deferred();
    const { connection } = await fixture().pair([
      [
        CLIENT_STREAM,
        async (call) => {
          started.resolve();
          void cancelled(call).then(seen.resolve);
          for await (const _ of call.requests ?? []);
          return succeed(1);
        },
      ],
    ]);
    async function* requests(): AsyncGenerator<number> {
      yield 1;
      await started.promise;
      throw new Error('the source is broken');
    }
    const outcome = await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: requests() }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.CANCELLED);
    assert.equal(outcome.status.origin, 'local');
    assert.match(outcome.status.details, /the source is broken/);
    assert.equal((await seen.promise).code, Code.CANCELLED);
  });

  it('a source that throws when it is closed harms nobody', async () => {
    const { connection } = await fixture().pair([[CLIENT_STREAM, async () => succeed('done')]]);
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ value: 1, done: false }),
        return: () => Promise.reject(new Error('closing is broken')),
      }),
    };
    assert.ok((await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: source }))).ok);
  });

  it('a handler reads the end of the request stream, and can go on answering', async () => {
    const { connection } = await fixture().pair([
      [
        BIDI,
        async (call) => {
          const got: unknown[] = [];
          for await (const one of call.requests ?? []) got.push(one);
          await send(call, [got, 'and more']);
          return succeed(undefined);
        },
      ],
    ]);
    async function* requests(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    }
    const sink = new RecordingSink();
    const outcome = await connection.call(BIDI, fixture().call(BIDI, { requests: requests(), responses: sink }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual(sink.messages, [[1, 2], 'and more']);
  });

  it('a handler never takes a cancelled request stream for a complete one', async () => {
    for (let round = 0; round < 20; round++) {
      const read = deferred();
      const ended = deferred<string>();
      const { connection } = await fixture().pair([
        [
          CLIENT_STREAM,
          async (call) => {
            try {
              for await (const _ of call.requests ?? []) read.resolve();
              ended.resolve('complete');
            } catch {
              ended.resolve('cancelled');
            }
            return succeed(1);
          },
        ],
      ]);
      const call = fixture().call(CLIENT_STREAM, { requests: new WatchedSource(1) });
      void connection.call(CLIENT_STREAM, call);
      await read.promise;
      call.cancellation.cancel(BY_CALLER);
      assert.equal(await ended.promise, 'cancelled');
    }
  });

  it('a cancelled call ends the request stream of its handler with an error, and its responses go nowhere', async () => {
    const thrown = deferred<unknown>();
    const started = deferred();
    const { connection } = await fixture().pair([
      [
        BIDI,
        async (call) => {
          started.resolve();
          try {
            for await (const _ of call.requests ?? []);
          } catch (error) {
            thrown.resolve(error);
          }
          for (let count = 0; count < 3; count++) await send(call, ['too late']);
          return succeed(undefined);
        },
      ],
    ]);
    const sink = new RecordingSink();
    const call = fixture().call(BIDI, { requests: new WatchedSource(1), responses: sink });
    const running = connection.call(BIDI, call);
    await started.promise;
    call.cancellation.cancel(BY_CALLER);
    assert.ok(!(await running).ok);
    assert.equal(((await thrown.promise) as { code?: unknown }).code, Code.CANCELLED);
    assert.deepEqual(sink.messages, []);
  });

  it('a sink that throws is a defect of the caller: the call rejects and is cancelled', async () => {
    const seen = deferred<Status>();
    const { connection } = await fixture().pair([
      [
        SERVER_STREAM,
        async (call) => {
          await send(call, [1]);
          seen.resolve(await cancelled(call));
          return succeed(undefined);
        },
      ],
    ]);
    const sink = new RecordingSink(() => {
      throw new Error('the sink is broken');
    });
    await assert.rejects(
      connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, { request: 1, responses: sink })),
      /the sink is broken/,
    );
    assert.equal((await seen.promise).code, Code.CANCELLED);
  });
}

/** Counts up until somebody closes it; with `count`, falls silent after that many. */
class WatchedSource implements AsyncIterable<number> {
  returned = false;

  constructor(private readonly count = Number.POSITIVE_INFINITY) {}

  [Symbol.asyncIterator](): AsyncIterator<number> {
    let one = 0;
    return {
      next: () => (++one > this.count ? new Promise(() => {}) : Promise.resolve({ value: one, done: false })),
      return: () => {
        this.returned = true;
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}
