import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
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
  type Status,
} from '@breakwater/core';
import { rateLimit } from '@breakwater/resilience';
import { decodeStatus, PEER } from '@breakwater/rpc';
import { fromGrpc } from './metadata-bridge.js';
import { ended, PlainApp, readAll } from './plain-app.itest.js';
import { serverInterceptor } from './server-interceptor.js';

type Callback = (error: unknown, value?: unknown, trailer?: Metadata) => void;

describe('serverInterceptor', () => {
  const app = new PlainApp();
  const runtime = createRuntime();
  afterEach(() => app.close());

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
  const serve = (handlers: object, around: Around): Promise<number> =>
    app.serve(handlers as never, { interceptors: [serverInterceptor(around, { name: 'plain', runtime })] });

  it('passes calls of all four kinds through unchanged', async () => {
    const { guard, calls, outcomes } = recorder();
    const port = await serve(
      {
        Unary: (
          call: { request: unknown; metadata: Metadata; sendMetadata(m: Metadata): void },
          callback: Callback,
        ) => {
          const headers = new Metadata();
          headers.set('h', String(call.metadata.get('x')[0]));
          call.sendMetadata(headers);
          const trailers = new Metadata();
          trailers.set('t', '1');
          callback(null, [call.request], trailers);
        },
        Down: (call: { request: number; write(m: unknown): void; end(): void }) => {
          for (let one = 0; one < call.request; one++) call.write(one);
          call.end();
        },
        Up: (call: AsyncIterable<number>, callback: Callback) =>
          void (async () => {
            let sum = 0;
            for await (const one of call) sum += one;
            callback(null, sum);
          })(),
        Chat: (call: { on(e: string, f: (m?: unknown) => void): void; write(m: unknown): void; end(): void }) => {
          call.on('data', (message) => call.write([message]));
          call.on('end', () => call.end());
        },
      },
      stack(guard),
    );
    const client = app.client(port);
    const metadata = new Metadata();
    metadata.set('x', 'value');
    const headers: Metadata[] = [];
    const unary = await ended((callback) =>
      client.Unary(7, metadata, {}, callback).on('metadata', (got: Metadata) => headers.push(got)),
    );
    assert.deepEqual(unary.value, [7]);
    assert.deepEqual(headers[0]?.get('h'), ['value']);
    assert.deepEqual(await readAll(client.Down(3)), { messages: [0, 1, 2], error: null });
    const up = await ended((callback) => {
      const call = client.Up(new Metadata(), {}, callback);
      for (const one of [1, 2, 3]) call.write(one);
      call.end();
    });
    assert.equal(up.value, 6);
    const chat = client.Chat();
    const reading = readAll(chat);
    for (const one of [1, 2]) chat.write(one);
    chat.end();
    assert.deepEqual(await reading, { messages: [[1], [2]], error: null });
    assert.deepEqual(
      calls.map((call) => call.operation.kind),
      ['unary', 'server_stream', 'client_stream', 'bidi'],
    );
    assert.deepEqual(
      calls.map((call) => call.request),
      [7, 3, undefined, undefined],
    );
    assert.match(calls[0]?.attributes.get(PEER) ?? '', /^127\.0\.0\.1:\d+$/);
    assert.ok(outcomes.every((outcome) => outcome.ok) && outcomes.length === 4);
    assert.equal(outcomes[0]?.trailers.get('t'), '1');
  });

  it('a refused call never reaches the handler; the caller is told why and how long to wait', async () => {
    let handled = 0;
    const around = stack(rateLimit({ perSecond: 0.001, burst: 1 }, runtime));
    const port = await serve(
      { Unary: (_call: unknown, callback: Callback) => callback(null, ++handled), Chat: () => handled++ },
      around,
    );
    const client = app.client(port);
    assert.equal((await ended((callback) => client.Unary(1, new Metadata(), {}, callback))).value, 1);
    const { error } = await ended((callback) => client.Unary(1, new Metadata(), {}, callback));
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
    const decoded = decodeStatus(error?.code ?? 0, '', fromGrpc(error?.metadata ?? new Metadata()));
    assert.equal(decoded.reason, 'RATE_LIMITED');
    assert.ok((decoded.retryAfterMs ?? 0) > 0);
    assert.equal((await readAll(client.Chat())).error?.code, status.RESOURCE_EXHAUSTED);
    assert.equal(handled, 1);
  });

  it("the outcome carries the handler's error, and the caller gets it with its trailers", async () => {
    const { guard, outcomes } = recorder();
    const trailers = new Metadata();
    trailers.set('t', '1');
    const port = await serve(
      {
        Unary: (_call: unknown, callback: Callback) =>
          callback({ code: status.NOT_FOUND, details: 'nothing here', metadata: trailers }),
      },
      stack(guard),
    );
    const { error } = await ended((callback) => app.client(port).Unary(1, new Metadata(), {}, callback));
    assert.equal(error?.code, status.NOT_FOUND);
    assert.equal(error?.details, 'nothing here');
    assert.deepEqual(error?.metadata.get('t'), ['1']);
    const outcome = outcomes[0];
    assert.ok(outcome !== undefined && !outcome.ok && outcome.status.origin === 'handler');
  });

  it('a cancelled call settles its permit once and tells the handler', async () => {
    const { guard, outcomes } = recorder();
    let cancelled = 0;
    let started = (): void => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const port = await serve(
      {
        Unary: (call: { on(e: string, f: () => void): void }) => {
          call.on('cancelled', () => cancelled++);
          started();
        },
      },
      stack(guard),
    );
    const { error } = await ended((callback) => {
      const call = app.client(port).Unary(1, new Metadata(), {}, callback);
      void running.then(() => call.cancel());
    });
    assert.equal(error?.code, status.CANCELLED);
    while (outcomes.length === 0) await new Promise(setImmediate);
    const outcome = outcomes[0];
    assert.ok(outcome !== undefined && !outcome.ok);
    assert.equal(outcome.status.code, Code.CANCELLED);
    assert.equal(cancelled, 1);
  });

  it('a deadline that passes fires the cancellation with DEADLINE_EXCEEDED', async () => {
    let seen = (_status: Status): void => {};
    const fired = new Promise<Status>((resolve) => {
      seen = resolve;
    });
    const watching: Around = (next) => (call) => {
      call.cancellation.onCancel(seen);
      return next(call);
    };
    const port = await serve({ Unary: () => {} }, stack(watching));
    // The client waits longer than it told the server: only the server's own timer can be what fires.
    const metadata = new Metadata();
    metadata.set('grpc-timeout', '20m');
    void ended((callback) => app.client(port).Unary(1, metadata, {}, callback));
    assert.equal((await fired).code, Code.DEADLINE_EXCEEDED);
  });

  it('a policy may answer in place of the handler', async () => {
    const refusing: Guard = {
      name: 'inner',
      admit: () => rejection('inner', Code.UNAVAILABLE, 'CONCURRENCY_LIMITED', 'full'),
    };
    const instead: Around = (next) => async (call) => {
      const outcome = await next(call);
      return outcome.ok
        ? outcome
        : { ok: true, value: 'instead', headers: fromGrpc(new Metadata()), trailers: fromGrpc(new Metadata()) };
    };
    const port = await serve(
      { Unary: (_call: unknown, callback: Callback) => callback(null, 'never') },
      stack(instead, refusing),
    );
    assert.equal((await ended((callback) => app.client(port).Unary(1, new Metadata(), {}, callback))).value, 'instead');
  });

  it('a policy that throws answers INTERNAL and keeps its text inside', async () => {
    const broken: Around = () => () => Promise.reject(new Error('secret'));
    const port = await serve({ Unary: (_call: unknown, callback: Callback) => callback(null, 1) }, stack(broken));
    const { error } = await ended((callback) => app.client(port).Unary(1, new Metadata(), {}, callback));
    assert.equal(error?.code, status.INTERNAL);
    assert.doesNotMatch(error?.details ?? '', /secret/);
  });
});
