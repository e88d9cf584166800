import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { connectivityState, Metadata, status, type ClientReadableStream } from '@grpc/grpc-js';
import { ADMITTED, fail, stack, succeed, type Call, type Guard } from '@breakwater/core';
import { APP, ended, readAll, type AppClient } from '../../interceptor/plain-app.itest.js';
import { grpcChannel } from '../grpc-channel.js';
import { type OverrideWorld, send, stubOf, until } from './world.itest.js';

const ready = (stub: AppClient, deadline: number): Promise<Error | undefined> =>
  new Promise((resolve) => stub.waitForReady(deadline, resolve));
const one = (stub: AppClient) => ended((callback) => stub.Unary(1, new Metadata(), {}, callback));

export function describeLifetime(world: () => OverrideWorld): void {
  it('a stub that is closed makes no calls any more; what has begun goes on, and so does the channel', async () => {
    let finish: (() => void) | undefined;
    let served = 0;
    await world().serve({
      Unary: async () => succeed(++served),
      Charge: async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return succeed('charged');
      },
    });
    const channel = world().channel();
    const [first, second] = [world().stub({}, channel), world().stub({}, channel)];
    const inFlight = ended((callback) => first.Charge(1, new Metadata(), {}, callback));
    await until(() => finish !== undefined);
    first.close();
    first.close();
    const { error } = await one(first);
    assert.equal(error?.code, status.UNAVAILABLE);
    assert.equal(error?.details, 'channel closed');
    assert.equal((await readAll(first.Chat())).error?.code, status.UNAVAILABLE);
    assert.equal(first.getChannel().getConnectivityState(true), connectivityState.SHUTDOWN);
    assert.equal((await one(second)).error, null);
    finish?.();
    assert.equal((await inFlight).value, 'charged');
    assert.equal(served, 1);
    assert.equal(channel.state, 'ready');
  });

  it('stubs that share an adapter are closed together, as on a channel of grpc-js', async () => {
    await world().serve({ Unary: async () => succeed(1) });
    const channelOverride = grpcChannel(world().channel());
    const [first, second] = [stubOf({ channelOverride }), stubOf({ channelOverride })];
    assert.equal((await one(second)).error, null);
    first.close();
    assert.equal((await one(second)).error?.code, status.UNAVAILABLE);
  });

  it('the end of the channel is the end of its stubs', async () => {
    await world().serve({ Unary: async () => succeed(1) });
    const channel = world().channel();
    const stub = world().stub({}, channel);
    assert.equal((await one(stub)).error, null);
    await channel.close();
    assert.equal((await one(stub)).error?.code, status.UNAVAILABLE);
    assert.equal(stub.getChannel().getConnectivityState(false), connectivityState.SHUTDOWN);
    assert.equal((await ready(stub, Date.now() + 5000))?.message, 'The channel has been closed');
  });

  it('waitForReady connects, and waits for the first endpoint', async () => {
    const stub = world().stub();
    assert.equal(stub.getChannel().getConnectivityState(false), connectivityState.IDLE);
    const waiting = ready(stub, Number.POSITIVE_INFINITY);
    await until(() => stub.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE);
    await world().serve({ Unary: async () => succeed(1) });
    assert.equal(await waiting, undefined);
    assert.equal(stub.getChannel().getConnectivityState(false), connectivityState.READY);
    assert.equal(await ready(stub, Date.now() + 5000), undefined);
  });

  it('waitForReady ends at its deadline, and when the stub is closed', async () => {
    const stub = world().stub();
    assert.equal((await ready(stub, Date.now() + 20))?.message, 'Failed to connect before the deadline');
    assert.equal((await ready(stub, Date.now() - 20))?.message, 'Failed to connect before the deadline');
    const waiting = ready(stub, Number.POSITIVE_INFINITY);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    stub.close();
    assert.equal((await waiting)?.message, 'The channel has been closed');
  });

  it('names its target, and has no channelz', () => {
    const channel = world().stub().getChannel();
    assert.equal(channel.getTarget(), 'memory:///plain');
    assert.deepEqual(channel.getChannelzRef(), { kind: 'channel', id: -1, name: '' });
  });

  it('calls leave no listeners behind, however they end', async () => {
    const calls: Call[] = [];
    const watching: Guard = {
      name: 'watching',
      admit: (call) => {
        calls.push(call);
        return ADMITTED;
      },
    };
    await world().serve({
      Unary: async (call) => (call.request === 1 ? succeed(1) : fail({ code: 5, details: '', origin: 'handler' })),
      Down: async (call) => {
        await send(call, 1, 2, 3);
        return succeed(undefined);
      },
      Chat: async (call) => {
        for await (const message of call.requests ?? []) await send(call, message);
        return succeed(undefined);
      },
    });
    for (const services of [[], [APP]]) {
      const stub = world().stub({ policies: stack(watching), services });
      const rounds = Array.from({ length: 50 }, async (_, index) => {
        await ended((callback) => stub.Unary(1, new Metadata(), {}, callback));
        await ended((callback) => stub.Unary(2, new Metadata(), { deadline: Date.now() + 60_000 }, callback));
        await readAll(stub.Down(1));
        const chat = stub.Chat();
        const read = readAll(chat);
        chat.write(index);
        if (index % 2 === 0) chat.end();
        else chat.once('data', () => chat.cancel());
        await read;
      });
      await Promise.all(rounds);
    }
    assert.equal(calls.length, 400);
    await until(() => calls.every(({ cancellation }) => cancellation.listenerCount === 0));
  });

  it('the code of the application runs in the async context of its call', async () => {
    await world().serve({
      Unary: async () => succeed(1),
      Down: async (call) => {
        await send(call, 1, 2, 3);
        return succeed(undefined);
      },
      Chat: async (call) => {
        for await (const message of call.requests ?? []) await send(call, message);
        return succeed(undefined);
      },
    });
    const context = new AsyncLocalStorage<number>();
    const seen: [event: string, expected: number, actual: number | undefined][] = [];
    const stub = world().stub();
    const run = async (id: number): Promise<void> => {
      const note = (event: string): void => void seen.push([event, id, context.getStore()]);
      await new Promise<void>((resolve) => {
        const call = stub.Unary(1, new Metadata(), {}, () => note('callback'));
        call.on('metadata', () => note('metadata'));
        call.on('status', () => resolve(note('status')));
      });
      const listen = (call: ClientReadableStream<unknown>): Promise<void> =>
        new Promise<void>((resolve) => {
          call.on('metadata', () => note('metadata'));
          call.on('data', () => note('data'));
          call.on('status', () => resolve(note('status')));
        });
      await listen(stub.Down(1));
      const chat = stub.Chat();
      chat.write(1, () => note('written'));
      chat.end(2, () => note('ended'));
      await listen(chat);
    };
    await Promise.all([1, 2, 3].map((id) => context.run(id, () => run(id))));
    assert.ok(seen.length >= 30, `${seen.length} events`);
    assert.deepEqual(
      seen.filter(([, expected, actual]) => expected !== actual),
      [],
    );
  });
}
