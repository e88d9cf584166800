import assert from 'node:assert/strict';
import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';
import {
  ADMITTED,
  Code,
  createRuntime,
  rejection,
  stack,
  type Around,
  type Call,
  type Guard,
  type Outcome,
} from '@breakwater/core';
import { deadline, retry } from '@breakwater/resilience';
import { decodeStatus, STATUS_DETAILS_KEY } from '@breakwater/rpc';
import { fromGrpc } from './metadata-bridge.js';
import { alwaysIntercept, clientInterceptor } from './client-interceptor.js';
import { APP, ended, PlainApp, readAll } from './plain-app.itest.js';

type AnyCall = Parameters<Parameters<PlainApp['serve']>[0][string]>[0];

describe('clientInterceptor', () => {
  const app = new PlainApp();
  const runtime = createRuntime();
  const again = retry({ initialBackoffMs: 1, maxBackoffMs: 1 }, runtime);
  afterEach(() => app.close());

  /** Remembers what a stack saw of each call. */
  const recorder = (): { guard: Guard; calls: Call[]; outcomes: Outcome[] } => {
    const calls: Call[] = [];
    const outcomes: Outcome[] = [];
    const guard: Guard = {
      name: 'recorder',
      admit: (call) => {
        calls.push(call);
        return ADMITTED;
      },
      settle: (_call, _permit, outcome) => void outcomes.push(outcome),
    };
    return { guard, calls, outcomes };
  };
  const intercepted = (port: number, around: Around) =>
    app.client(port, { interceptors: [clientInterceptor(around, { services: [APP], runtime })] });

  const echo = {
    Unary: (call: never, callback: (error: null, value: unknown, trailer: Metadata) => void) => {
      const { request, metadata, sendMetadata } = call as {
        request: unknown;
        metadata: Metadata;
        sendMetadata(m: Metadata): void;
      };
      const headers = new Metadata();
      headers.set('h', String(metadata.get('x')[0] ?? 'none'));
      sendMetadata.call(call, headers);
      const trailers = new Metadata();
      trailers.set('t', 'trailer');
      callback(null, request, trailers);
    },
  };

  it('passes a unary call through unchanged: message, metadata, headers, trailers', async () => {
    const { guard, calls, outcomes } = recorder();
    const client = intercepted(await app.serve(echo as never), stack(guard));
    const metadata = new Metadata();
    metadata.set('x', 'value');
    const seen: Metadata[] = [];
    const { error, value } = await ended((callback) => {
      const call = client.Unary({ a: 1 }, metadata, {}, callback);
      call.on('metadata', (headers: Metadata) => seen.push(headers));
      call.on('status', ({ metadata: trailers }: { metadata: Metadata }) => seen.push(trailers));
    });
    assert.equal(error, null);
    assert.deepEqual(value, { a: 1 });
    await new Promise(setImmediate);
    assert.deepEqual([seen[0]?.get('h'), seen[1]?.get('t')], [['value'], ['trailer']]);
    assert.equal(calls[0]?.operation.path, '/plain.v1.App/Unary');
    assert.equal(calls[0]?.operation.idempotency, 'idempotent');
    assert.deepEqual(calls[0]?.request, { a: 1 });
    assert.ok(outcomes[0]?.ok);
  });

  it('a refused call never reaches the server, and its error says why', async () => {
    let reached = 0;
    const port = await app.serve({
      Unary: (_call: AnyCall, callback: never) => (reached++, (callback as (e: null, v: unknown) => void)(null, 1)),
    } as never);
    const refusing: Guard = {
      name: 'test',
      admit: () => rejection('test', Code.RESOURCE_EXHAUSTED, 'RATE_LIMITED', 'not so fast', 250),
    };
    const { error } = await ended((callback) =>
      intercepted(port, stack(refusing)).Unary(1, new Metadata(), {}, callback),
    );
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
    assert.equal(error?.details, 'not so fast');
    const decoded = decodeStatus(error?.code ?? 0, '', fromGrpc(error?.metadata ?? new Metadata()));
    assert.equal(decoded.reason, 'RATE_LIMITED');
    assert.equal(decoded.retryAfterMs, 250);
    assert.ok(error?.metadata.get(STATUS_DETAILS_KEY).length);
    assert.equal(reached, 0);
  });

  const failing = (times: number) => {
    let attempts = 0;
    return {
      handlers: {
        Unary: (_call: unknown, callback: (e: unknown, v?: unknown) => void) =>
          ++attempts <= times
            ? callback({ code: status.UNAVAILABLE, details: 'warming up' })
            : callback(null, attempts),
        Charge: (_call: unknown, callback: (e: unknown, v?: unknown) => void) =>
          ++attempts <= times
            ? callback({ code: status.UNAVAILABLE, details: 'warming up' })
            : callback(null, attempts),
        Down: (call: { write(m: unknown): void; end(): void; emit(e: string, x: unknown): void }) => {
          if (++attempts <= times) return call.emit('error', { code: status.UNAVAILABLE, details: 'warming up' });
          call.write(attempts);
          call.end();
        },
        Up: (call: AsyncIterable<number>, callback: (e: unknown, v?: unknown) => void) => {
          if (++attempts <= times) return callback({ code: status.UNAVAILABLE, details: 'warming up' });
          return void (async () => {
            let sum = 0;
            for await (const one of call) sum += one;
            callback(null, sum);
          })();
        },
      } as never,
      attempts: () => attempts,
    };
  };

  it('repeats an idempotent unary call, and not one that is not', async () => {
    const first = failing(2);
    const one = await ended(
      (callback) =>
        void app
          .serve(first.handlers)
          .then((port) => intercepted(port, stack(again)).Unary(1, new Metadata(), {}, callback)),
    );
    assert.equal(one.error, null);
    assert.equal(one.value, 3);
    const second = failing(1);
    const two = await ended(
      (callback) =>
        void app
          .serve(second.handlers)
          .then((port) => intercepted(port, stack(again)).Charge(1, new Metadata(), {}, callback)),
    );
    assert.equal(two.error?.code, status.UNAVAILABLE);
    assert.equal(second.attempts(), 1);
  });

  it('repeats streams until they are committed, request messages included', async () => {
    const down = failing(2);
    const client = intercepted(await app.serve(down.handlers), stack(again));
    assert.deepEqual(await readAll(client.Down(1)), { messages: [3], error: null });
    const up = failing(2);
    const other = intercepted(await app.serve(up.handlers), stack(again));
    const { error, value } = await ended((callback) => {
      const call = other.Up(new Metadata(), {}, callback);
      for (const one of [1, 2, 3]) call.write(one);
      call.end();
    });
    assert.equal(error, null);
    assert.equal(value, 6);
  });

  it('carries streams both ways, message by message', async () => {
    const { guard, outcomes } = recorder();
    const port = await app.serve({
      Chat: (call: { on(e: string, f: (m?: unknown) => void): void; write(m: unknown): void; end(): void }) => {
        call.on('data', (message) => call.write([message]));
        call.on('end', () => call.end());
      },
    });
    const call = intercepted(port, stack(guard)).Chat();
    const reading = readAll(call);
    for (let one = 0; one < 50; one++) call.write(one);
    call.end();
    assert.deepEqual(await reading, { messages: Array.from({ length: 50 }, (_, one) => [one]), error: null });
    assert.equal(outcomes.length, 1);
  });

  it('a slow reader holds a fast stream up', async () => {
    let written = 0;
    const total = 4000;
    const port = await app.serve({
      Down: (call: { write(m: unknown): boolean; once(e: string, f: () => void): void; end(): void }) => {
        const chunk = 'x'.repeat(16 * 1024);
        const pump = (): void => {
          while (written < total) {
            written++;
            if (!call.write(chunk)) return call.once('drain', pump);
          }
          call.end();
        };
        pump();
      },
    });
    const call = intercepted(port, stack(recorder().guard)).Down(1);
    await new Promise((resolve) => call.once('readable', resolve));
    let last = -1;
    while (last !== written) {
      last = written;
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    }
    assert.ok(written < total / 2, `${written} of ${total} were written for a reader who takes none`);
    const { messages, error } = await readAll(call);
    assert.equal(error, null);
    assert.equal(messages.length, total);
  });

  for (const when of ['tick', 'microtask'] as const) {
    it(`a call that is cancelled in the ${when} of its start is not sent`, async () => {
      let reached = 0;
      const port = await app.serve({
        Unary: (_call: unknown, callback: (e: null, v: unknown) => void) => callback(null, ++reached),
        Charge: (_call: unknown, callback: (e: null, v: unknown) => void) => callback(null, 'there'),
      });
      const { guard, outcomes } = recorder();
      const client = intercepted(port, stack(guard));
      assert.equal((await ended((callback) => client.Charge(1, new Metadata(), {}, callback))).value, 'there');
      const { error } = await ended((callback) => {
        const call = client.Unary(1, new Metadata(), {}, callback);
        if (when === 'tick') call.cancel();
        else void Promise.resolve().then(() => call.cancel());
      });
      assert.equal(error?.code, status.CANCELLED);
      assert.equal((await ended((callback) => client.Charge(1, new Metadata(), {}, callback))).value, 'there');
      assert.equal(reached, 0);
      assert.equal(outcomes.filter((outcome) => !outcome.ok).length, 1);
    });
  }

  it('cancelling a running call ends it once, and its handler', async () => {
    let cancelled = 0;
    const started = new Promise<void>((resolve) => {
      void app
        .serve({
          Down: (call: { on(e: string, f: () => void): void; write(m: unknown): void }) => {
            call.on('cancelled', () => cancelled++);
            call.write('first');
            resolve();
          },
        })
        .then((port) => {
          stream = intercepted(port, stack(recorder().guard)).Down(1);
          done = readAll(stream);
        });
    });
    let stream: ReturnType<ReturnType<typeof intercepted>['Down']> | undefined;
    let done: ReturnType<typeof readAll> | undefined;
    await started;
    await new Promise((resolve) => stream?.once('data', resolve));
    stream?.cancel();
    assert.equal((await done)?.error?.code, status.CANCELLED);
    while (cancelled === 0) await new Promise(setImmediate);
    assert.equal(cancelled, 1);
  });

  it('a deadline set by a policy ends the call, and the server is told of it', async () => {
    let left = 0;
    const port = await app.serve({
      Unary: (call: { getDeadline(): Date | number }) => {
        left = Number(call.getDeadline()) - Date.now();
      },
    });
    const client = intercepted(port, stack(deadline({ timeoutMs: 60 }, runtime)));
    const { error } = await ended((callback) => client.Unary(1, new Metadata(), {}, callback));
    assert.equal(error?.code, status.DEADLINE_EXCEEDED);
    assert.ok(left > 0 && left <= 62, `the server was given ${left} ms`);
  });

  it('the earlier one of the deadlines of call and policy counts', async () => {
    const { guard, calls } = recorder();
    const client = intercepted(await app.serve(echo as never), stack(deadline({ timeoutMs: 60_000 }, runtime), guard));
    await ended((callback) => client.Unary(1, new Metadata(), { deadline: Date.now() + 5000 }, callback));
    const left = (calls[0]?.deadline ?? 0) - (calls[0]?.now ?? 0);
    assert.ok(left > 0 && left <= 5001, `${left} ms`);
  });

  it('a policy that throws ends the call with INTERNAL instead of leaving it', async () => {
    const broken: Around = () => () => {
      throw new Error('broken');
    };
    const client = intercepted(await app.serve(echo as never), stack(broken));
    const { error } = await ended((callback) => client.Unary(1, new Metadata(), {}, callback));
    assert.equal(error?.code, status.INTERNAL);
  });

  it('a connection that was never there is a failure that was certainly not sent', async () => {
    const { guard, outcomes } = recorder();
    const port = await app.serve({});
    app.close();
    await ended((callback) => intercepted(port, stack(guard)).Charge(1, new Metadata(), {}, callback));
    const outcome = outcomes[0];
    assert.ok(outcome !== undefined && !outcome.ok);
    assert.equal(outcome.sent, 'no');
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.status.reason, 'CONNECT_FAILED');
  });

  it('calls with interceptors of their own lose those of the client, unless these always intercept', async () => {
    const { guard, calls } = recorder();
    const policies = clientInterceptor(stack(guard), { runtime });
    const port = await app.serve(echo as never);
    const own: string[] = [];
    const perCall: Interceptor = (options, nextCall) => {
      own.push(options.method_definition.path);
      return new InterceptingCall(nextCall(options));
    };
    const usual = app.client(port, { interceptors: [policies] });
    await ended((callback) => usual.Unary(1, new Metadata(), { interceptors: [perCall] }, callback));
    assert.equal(calls.length, 0);
    const always = app.client(port, alwaysIntercept(policies));
    await ended((callback) => always.Unary(1, new Metadata(), { interceptors: [perCall] }, callback));
    await ended((callback) => always.Unary(1, new Metadata(), { interceptor_providers: [() => perCall] }, callback));
    await ended((callback) => always.Unary(1, new Metadata(), {}, callback));
    assert.equal(calls.length, 3);
    assert.equal(own.length, 3);
  });
});
