import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Metadata, status, type ChannelInterface } from '@grpc/grpc-js';
import { createRuntime, succeed, type Call } from '@breakwater/core';
import { FakeClock, mockLeaf, settleMicrotasks, type MockLeaf } from '@breakwater/core/testing';
import { inMemoryRegistry, roundRobin } from '@breakwater/discovery';
import { Channel, clientLimits, inProcessTransport, WAIT_FOR_READY } from '@breakwater/rpc';
import { APP } from '../interceptor/plain-app.itest.js';
import { grpcChannel } from './grpc-channel.js';
import type { GrpcCall } from './override-call.js';

const PATH = '/any.v1.Any/Do';

describe('a call on a channel override', () => {
  let clock: FakeClock;
  let leaf: MockLeaf;
  let own: Channel;
  let channel: ChannelInterface;
  let log: string[];
  beforeEach(() => {
    clock = new FakeClock(1000);
    leaf = mockLeaf();
    log = [];
    own = new Channel({
      target: 'memory:///any',
      registry: inMemoryRegistry({ clock }),
      transport: inProcessTransport(),
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 10, maxMs: 100 },
      runtime: createRuntime({ clock }),
      drainGraceMs: 0,
    });
    channel = grpcChannel(own, { policies: () => leaf.handler });
  });

  const start = (
    deadline: number | Date = Number.POSITIVE_INFINITY,
    metadata = new Metadata(),
    on = channel,
    path = PATH,
  ): GrpcCall => {
    const call = on.createCall(path, deadline, null, null, null);
    call.start(metadata, {
      onReceiveMetadata: () => void log.push('headers'),
      onReceiveMessage: (message: Buffer) => void log.push(String(message)),
      onReceiveStatus: ({ code, details }) => void log.push(`${code} ${details}`),
    });
    return call;
  };
  const send = (call: GrpcCall, text: string): void => call.sendMessageWithContext({}, Buffer.from(text));
  const requests = async ({ requests: source }: Call): Promise<string[]> => {
    const texts: string[] = [];
    for await (const message of source ?? []) texts.push(String(message));
    return texts;
  };

  it('with one message and half-close in its tick begins at once, with that request', () => {
    const call = start();
    assert.equal(leaf.held.length, 0);
    send(call, 'x');
    assert.equal(leaf.held.length, 0);
    call.halfClose();
    assert.equal(leaf.held.length, 1);
    const { request, requests: stream, operation } = leaf.last().call;
    assert.equal(String(request), 'x');
    assert.equal(stream, undefined);
    assert.equal(operation.path, PATH);
  });

  it('with anything else begins at the end of the tick, once, with a stream of requests', async () => {
    const steps: readonly ((call: GrpcCall) => void)[] = [
      () => {},
      (call) => call.halfClose(),
      (call) => send(call, 'a'),
      (call) => {
        send(call, 'a');
        send(call, 'b');
        call.halfClose();
      },
    ];
    const calls = steps.map((run) => {
      const call = start();
      run(call);
      return call;
    });
    assert.equal(leaf.held.length, 0);
    await Promise.resolve();
    assert.equal(leaf.held.length, 4);
    for (const [index, call] of calls.entries()) {
      if (index === 0 || index === 2) send(call, 'later');
      call.halfClose();
    }
    assert.deepEqual(await Promise.all(leaf.held.map((held) => requests(held.call))), [
      ['later'],
      [],
      ['a', 'later'],
      ['a', 'b'],
    ]);
  });

  it('begins in the async context that it was made in, also where several begin together', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const noting = grpcChannel(own, {
      policies: () => (call) => {
        seen.push(context.getStore());
        return leaf.handler(call);
      },
    });
    for (const name of ['a', 'b']) context.run(name, () => start(undefined, undefined, noting));
    await Promise.resolve();
    assert.deepEqual(seen, ['a', 'b']);
  });

  it('has a sink for its response unless a definition says that there is one message', () => {
    for (const [services, sink] of [
      [[], true],
      [[APP], false],
    ] as const) {
      const one = grpcChannel(own, { policies: () => leaf.handler, services });
      const call = start(undefined, undefined, one, '/plain.v1.App/Unary');
      send(call, 'x');
      call.halfClose();
      assert.equal(leaf.last().call.responses !== undefined, sink);
    }
  });

  it('has the deadline on the clock of the channel', () => {
    const deadlines: readonly (readonly [given: number, left: number])[] = [
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      [clock.wallNow() + 250, 250],
      [clock.wallNow() - 250, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [Number.NaN, 0],
    ];
    for (const [given, left] of deadlines) {
      const call = start(given);
      send(call, 'x');
      call.halfClose();
      const { deadline, now } = leaf.last().call;
      assert.equal(now, 1000);
      assert.equal(deadline - now, left);
    }
  });

  it('says whether it waits for ready', () => {
    for (const waitForReady of [true, false]) {
      const call = start(Number.POSITIVE_INFINITY, new Metadata({ waitForReady }));
      send(call, 'x');
      call.halfClose();
      assert.equal(leaf.last().call.attributes.get(WAIT_FOR_READY), waitForReady ? true : undefined);
    }
  });

  it('is refused by createCall what makes no sense', () => {
    assert.throws(() => channel.createCall(1 as never, 0, null, null, null), /method must be a string/);
    assert.throws(() => channel.createCall(PATH, '1' as never, null, null, null), /deadline must be a number or Date/);
  });

  it('cancels with the status it is given, whatever the layers below make of it', async () => {
    const call = start();
    send(call, 'x');
    call.halfClose();
    call.cancelWithStatus(status.INTERNAL, 'Request message serialization failure');
    const { cancellation } = leaf.last().call;
    assert.equal(cancellation.status?.code, status.INTERNAL);
    assert.equal(cancellation.status?.origin, 'local');
    assert.deepEqual(log, []);
    leaf.last().answer(succeed(undefined));
    await settleMicrotasks();
    assert.deepEqual(log, ['13 Request message serialization failure']);
  });

  it('that is closed before it starts never begins', async () => {
    channel.close();
    const call = start();
    send(call, 'x');
    call.halfClose();
    await settleMicrotasks();
    assert.equal(leaf.held.length, 0);
    assert.deepEqual(log, ['14 channel closed']);
  });

  it('ignores what is sent after it has begun with its only message', async () => {
    const call = start();
    send(call, 'x');
    call.halfClose();
    let released = false;
    call.sendMessageWithContext({ callback: () => (released = true) }, Buffer.from('late'));
    call.halfClose();
    await settleMicrotasks();
    assert.equal(released, true);
    assert.equal(leaf.held.length, 1);
  });

  it('lets writers go when it ends without having read what they wrote', async () => {
    const released: string[] = [];
    const write = (call: GrpcCall, text: string): void =>
      call.sendMessageWithContext({ callback: () => void released.push(text) }, Buffer.from(text));
    const answered = start();
    write(answered, 'first');
    await Promise.resolve();
    write(answered, 'second');
    const cancelled = start();
    write(cancelled, 'third');
    cancelled.cancelWithStatus(status.CANCELLED, '');
    await settleMicrotasks();
    assert.deepEqual(released, ['third']);
    leaf.last().answer(succeed(undefined));
    await settleMicrotasks();
    assert.deepEqual(released, ['third', 'first', 'second']);
  });

  it('knows no more of its connection than the layers above the transport do', () => {
    const call = start();
    assert.equal(call.getAuthContext(), null);
    assert.equal(call.getPeer(), 'memory:///any');
    assert.notEqual(call.getCallNumber(), start().getCallNumber());
  });
});
