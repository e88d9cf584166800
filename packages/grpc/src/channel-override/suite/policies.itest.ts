import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import {
  Code,
  ConfigError,
  createRuntime,
  fail,
  stack,
  succeed,
  type Around,
  type Operation,
  type RpcKind,
} from '@breakwater/core';
import { deadline, retry } from '@breakwater/resilience';
import { APP, ended, readAll, type AppClient } from '../../interceptor/plain-app.itest.js';
import { grpcChannel, type GrpcChannelOptions } from '../grpc-channel.js';
import { type OverrideWorld, send } from './world.itest.js';

const call = (stub: AppClient, method: 'Unary' | 'Charge', options = {}) =>
  ended((callback) => stub[method](1, new Metadata(), options, callback));

export function describePolicies(world: () => OverrideWorld): void {
  const runtime = createRuntime();
  const again = retry({ initialBackoffMs: 1, maxBackoffMs: 1 }, runtime);

  /** Handlers that fail so many times before they answer. */
  const flaky = (times: number) => {
    let attempts = 0;
    const next = () =>
      ++attempts <= times
        ? fail({ code: Code.UNAVAILABLE, details: 'warming up', origin: 'handler' }, 'unknown')
        : null;
    return {
      attempts: () => attempts,
      handlers: {
        Unary: async () => next() ?? succeed(attempts),
        Charge: async () => next() ?? succeed(attempts),
        Down: async (call_: Parameters<typeof send>[0]) => {
          const failure = next();
          if (failure !== null) return failure;
          await send(call_, attempts);
          return succeed(undefined);
        },
        Up: async ({ requests }: { readonly requests: AsyncIterable<unknown> | undefined }) => {
          const failure = next();
          if (failure !== null) return failure;
          let sum = 0;
          for await (const one of requests ?? []) sum += one as number;
          return succeed(sum);
        },
      },
    };
  };

  it('are composed once per method', async () => {
    await world().serve({ Unary: async () => succeed(1), Charge: async () => succeed(1) });
    let composed = 0;
    const counting: Around = (next) => {
      composed += 1;
      return next;
    };
    const stub = world().stub({ policies: counting });
    for (let turn = 0; turn < 5; turn++) await call(stub, 'Unary');
    assert.equal(composed, 1);
    await call(stub, 'Charge');
    assert.equal(composed, 2);
  });

  it('may be given for each method apart', async () => {
    await world().serve({ Unary: async () => succeed(1), Charge: async () => succeed(1) });
    const refuse: Around = () => async () => fail({ code: Code.ABORTED, details: 'not this one', origin: 'local' });
    const stub = world().stub({ stackFor: ({ method }) => (method === 'Charge' ? refuse : stack()) });
    assert.equal((await call(stub, 'Unary')).error, null);
    assert.equal((await call(stub, 'Charge')).error?.code, status.ABORTED);
  });

  it('know the kind of a method from its definition; without one, every response counts as a stream', async () => {
    const handlers = flaky(0).handlers;
    await world().serve({ ...handlers, Chat: async () => succeed(undefined) });
    for (const [services, expected] of [
      [[APP], ['unary', 'server_stream', 'client_stream', 'bidi']],
      [[], ['server_stream', 'server_stream', 'bidi', 'bidi']],
    ] as const) {
      const seen: RpcKind[] = [];
      const noting: Around = (next) => (one) => {
        seen.push(one.operation.kind);
        return next(one);
      };
      const stub = world().stub({ policies: noting, services });
      await call(stub, 'Unary');
      await readAll(stub.Down(1));
      await ended((callback) => stub.Up(new Metadata(), {}, callback).end());
      const chat = stub.Chat();
      const read = readAll(chat);
      chat.end();
      await read;
      assert.deepEqual(seen, expected);
    }
  });

  it('see path, service, method and idempotency', async () => {
    await world().serve({ Unary: async () => succeed(1) });
    let seen: Operation | undefined;
    const noting: Around = (next) => (one) => {
      seen = one.operation;
      return next(one);
    };
    await call(world().stub({ policies: noting, services: [APP] }), 'Unary');
    const { path, service, method, idempotency } = seen ?? {};
    assert.deepEqual([path, service, method], ['/plain.v1.App/Unary', 'plain.v1.App', 'Unary']);
    assert.equal(idempotency, 'idempotent');
  });

  it('repeat what a definition calls idempotent, and nothing else', async () => {
    const first = flaky(2);
    await world().serve(first.handlers);
    const stub = world().stub({ policies: stack(again), services: [APP] });
    assert.equal((await call(stub, 'Unary')).value, 3);
    assert.equal(first.attempts(), 3);
  });

  for (const [title, method, services] of [
    ['a method with side effects', 'Charge', [APP]],
    ['a method without a definition', 'Unary', []],
  ] as const) {
    it(`do not repeat ${title} that the server has seen`, async () => {
      const server = flaky(1);
      await world().serve(server.handlers);
      const { error } = await call(world().stub({ policies: stack(again), services }), method);
      assert.equal(error?.code, status.UNAVAILABLE);
      assert.equal(server.attempts(), 1);
    });
  }

  it('repeat streams until they are committed, request messages included', async () => {
    const down = flaky(2);
    await world().serve(down.handlers);
    const stub = world().stub({ policies: stack(again), services: [APP] });
    assert.deepEqual(await readAll(stub.Down(1)), { messages: [3], error: null });
  });

  it('repeat an upload with all its messages', async () => {
    const up = flaky(2);
    await world().serve(up.handlers);
    const stub = world().stub({ policies: stack(again), services: [APP] });
    const { error, value } = await ended((callback) => {
      const upload = stub.Up(new Metadata(), {}, callback);
      for (const one of [1, 2, 3]) upload.write(one);
      upload.end();
    });
    assert.equal(error, null);
    assert.equal(value, 6);
  });

  it('may shorten the deadline', async () => {
    await world().serve({ Unary: () => new Promise(() => {}) });
    const stub = world().stub({ policies: stack(deadline({ timeoutMs: 30 }, runtime)), services: [APP] });
    assert.equal((await call(stub, 'Unary')).error?.code, status.DEADLINE_EXCEEDED);
  });

  it('may answer in the place of the server, even without waiting', async () => {
    const canned: Around = () => (one) => {
      void one.responses?.message(Buffer.from('"canned"'));
      return Promise.resolve(one.responses === undefined ? succeed(Buffer.from('"canned"')) : succeed(undefined));
    };
    for (const services of [[], [APP]]) {
      const stub = world().stub({ policies: canned, services });
      assert.equal((await call(stub, 'Unary')).value, 'canned');
      const events: string[] = [];
      const stream = stub.Down(1);
      stream.on('metadata', () => events.push('metadata'));
      stream.on('data', (message) => events.push(String(message)));
      await new Promise((resolve) => stream.on('end', resolve));
      assert.deepEqual(events, ['metadata', 'canned']);
    }
  });

  it('are refused in two forms at once, or in none', () => {
    const channel = world().channel();
    const refused = (given: unknown, says: RegExp): void =>
      assert.throws(
        () => grpcChannel(channel, given as GrpcChannelOptions),
        (error) => error instanceof ConfigError && says.test(error.message),
      );
    refused({ policies: stack(), stackFor: () => stack() }, /exclude each other/);
    refused({ policies: [again] }, /grpcChannel\.policies.*stack\(/);
    refused({ stackFor: 1 }, /grpcChannel\.stackFor.*of a method/);
    refused({ policy: stack() }, /grpcChannel\.policy\b.*policies/);
    assert.throws(() => grpcChannel({ target: 'memory:///plain' } as never), /a Channel of @breakwater\/rpc/);
  });
}
