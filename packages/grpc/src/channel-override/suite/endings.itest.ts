import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { InterceptingCall, Metadata, propagate, RequesterBuilder, status, type Interceptor } from '@grpc/grpc-js';
import { Code, ConfigError, fail, succeed, type Around, type Call, type Outcome, type Status } from '@breakwater/core';
import { ended, PlainApp, readAll, type AppClient } from '../../interceptor/plain-app.itest.js';
import { type OverrideWorld, send, until } from './world.itest.js';

type Answer = Parameters<AppClient['Unary']>[3];

export function describeEndings(world: () => OverrideWorld): void {
  let calls: Call[];
  let cancelled: Status[];
  /** Waits until the call is not wanted any more. */
  const hang = (call: Call): Promise<Outcome> => {
    calls.push(call);
    return new Promise((resolve) =>
      call.cancellation.onCancel((why) => {
        cancelled.push(why);
        resolve(fail(why));
      }),
    );
  };
  const left = (call: Call | undefined): number => (call?.deadline ?? 0) - (call?.now ?? 0);
  beforeEach(() => {
    calls = [];
    cancelled = [];
  });

  it('the server is told the deadline', async () => {
    await world().serve({
      Unary: async (call) => {
        calls.push(call);
        return succeed(1);
      },
    });
    await ended((callback) =>
      world()
        .stub()
        .Unary(1, new Metadata(), { deadline: Date.now() + 5000 }, callback),
    );
    assert.ok(left(calls[0]) > 3000 && left(calls[0]) <= 5001, `${left(calls[0])} ms`);
  });

  it('a call that is cancelled ends at the server too', async () => {
    await world().serve({
      Down: async (call) => {
        await send(call, 1);
        return hang(call);
      },
    });
    const call = world().stub().Down(1);
    const read = readAll(call);
    await new Promise((resolve) => call.once('data', resolve));
    call.cancel();
    assert.equal((await read).error?.code, status.CANCELLED);
    await until(() => cancelled.length > 0);
    assert.equal(cancelled[0]?.code, Code.CANCELLED);
  });

  it('a call that is cancelled in the tick of its start reaches neither policies nor server', async () => {
    let served = 0;
    let seen = 0;
    await world().serve({
      Unary: async () => succeed(++served),
      Chat: async () => succeed(void ++served),
      Charge: async () => succeed('there'),
    });
    const counting: Around = (next) => (call) => {
      seen += 1;
      return next(call);
    };
    const stub = world().stub({ policies: counting });
    const chat = stub.Chat();
    const read = readAll(chat);
    chat.write(1);
    chat.cancel();
    assert.equal((await read).error?.code, status.CANCELLED);
    assert.equal(seen, 0);
    const { error } = await ended((callback) => stub.Unary(1, new Metadata(), {}, callback).cancel());
    assert.equal(error?.code, status.CANCELLED);
    await ended((callback) => stub.Charge(1, new Metadata(), {}, callback));
    assert.equal(served, 0);
  });

  it('cancelling takes effect at once, even if a policy does not care', async () => {
    const stuck: Around = () => () => new Promise(() => {});
    const call = world().stub({ policies: stuck }).Down(1);
    const read = readAll(call);
    await new Promise(setImmediate);
    call.cancel();
    assert.equal((await read).error?.code, status.CANCELLED);
  });

  it('a call that is cancelled while an interceptor holds its start back is told so when it starts', async () => {
    const slow: Interceptor = (options, nextCall) =>
      new InterceptingCall(
        nextCall(options),
        new RequesterBuilder()
          .withStart((metadata, listener, next) => void setImmediate(() => next(metadata, listener)))
          .build(),
      );
    let served = 0;
    await world().serve({ Unary: async () => succeed(++served) });
    const { error } = await ended((callback) =>
      world()
        .stub()
        .Unary(1, new Metadata(), { interceptors: [slow] }, callback)
        .cancel(),
    );
    assert.equal(error?.code, status.CANCELLED);
    assert.equal(served, 0);
  });

  describe('with a parent', () => {
    const app = new PlainApp();
    afterEach(() => app.close());

    /** A grpc-js server whose handler calls on through the adapter, and the client of it. */
    const outer = async (inner: AppClient, propagate_flags?: number): Promise<AppClient> => {
      const port = await app.serve({
        Unary: (parent: unknown, answer: Answer) => {
          const options = propagate_flags === undefined ? { parent } : { parent, propagate_flags };
          inner.Unary(1, new Metadata(), options, answer);
        },
      });
      return app.client(port);
    };

    it('the earlier deadline holds', async () => {
      await world().serve({
        Unary: async (call) => {
          calls.push(call);
          return succeed(1);
        },
      });
      const client = await outer(world().stub());
      await ended((callback) => client.Unary(1, new Metadata(), { deadline: Date.now() + 4000 }, callback));
      assert.ok(left(calls[0]) > 2000 && left(calls[0]) <= 4001, `${left(calls[0])} ms`);
    });

    it('the end of the incoming call ends the outgoing one', async () => {
      await world().serve({ Unary: hang });
      const client = await outer(world().stub());
      const { error } = await ended((callback) => {
        const call = client.Unary(1, new Metadata(), {}, callback);
        void until(() => calls.length > 0).then(() => call.cancel());
      });
      assert.equal(error?.code, status.CANCELLED);
      await until(() => cancelled.length > 0);
      assert.equal(cancelled[0]?.code, Code.CANCELLED);
    });

    it('only what the flags name is inherited', async () => {
      await world().serve({ Unary: hang });
      const client = await outer(world().stub(), propagate.DEFAULTS & ~propagate.CANCELLATION & ~propagate.DEADLINE);
      await ended((callback) => {
        const call = client.Unary(1, new Metadata(), { deadline: Date.now() + 4000 }, callback);
        void until(() => calls.length > 0).then(() => call.cancel());
      });
      assert.equal(left(calls[0]), Number.POSITIVE_INFINITY);
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      assert.equal(cancelled.length, 0);
    });

    /** As much of an incoming call as a stub looks at. */
    const aParent = (isCancelled = false) =>
      Object.assign(new EventEmitter(), { cancelled: isCancelled, getDeadline: () => Number.POSITIVE_INFINITY });

    it('nothing is left on the incoming call by outgoing ones that are over', async () => {
      await world().serve({ Unary: async () => succeed(1), Down: hang });
      const parent = aParent();
      const stub = world().stub();
      for (let turn = 0; turn < 20; turn++)
        await ended((callback) => stub.Unary(1, new Metadata(), { parent }, callback));
      const streams = Array.from({ length: 5 }, () => stub.Down(1, new Metadata(), { parent }));
      const reads = streams.map((stream) => readAll(stream));
      await until(() => calls.length === 5);
      assert.equal(parent.listenerCount('cancelled'), 5);
      parent.emit('cancelled');
      for (const { error } of await Promise.all(reads)) assert.equal(error?.details, 'Cancelled by parent call');
      assert.equal(parent.listenerCount('cancelled'), 0);
    });

    it('a call for one that is cancelled already never leaves', async () => {
      await world().serve({ Unary: hang });
      const { error } = await ended((callback) =>
        world()
          .stub()
          .Unary(1, new Metadata(), { parent: aParent(true) }, callback),
      );
      assert.equal(error?.details, 'Cancelled by parent call');
      assert.equal(calls.length, 0);
    });
  });

  it('a call that waits for ready waits for the first endpoint; others fail at once', async () => {
    const stub = world().stub();
    const patient = new Metadata({ waitForReady: true });
    const waiting = ended((callback) => stub.Unary(1, patient, {}, callback));
    const { error } = await ended((callback) => stub.Unary(1, new Metadata(), {}, callback));
    assert.equal(error?.code, status.UNAVAILABLE);
    await world().serve({ Unary: async () => succeed('at last') });
    assert.equal((await waiting).value, 'at last');
  });

  it('the call option host is refused: a connection has one authority', async () => {
    const stub = world().stub();
    assert.throws(
      () => stub.Unary(1, new Metadata(), { host: 'elsewhere' }, () => {}),
      (error) => error instanceof ConfigError && /call options\.host.*"plain"/.test(error.message),
    );
    await world().serve({ Unary: async () => succeed(1) });
    assert.equal((await ended((callback) => stub.Unary(1, new Metadata(), { host: 'plain' }, callback))).error, null);
  });
}
