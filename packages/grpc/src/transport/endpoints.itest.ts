import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import {
  Attributes,
  Cancellation,
  Code,
  createRuntime,
  deadlineAfter,
  fail,
  Metadata,
  succeed,
  type Call,
  type Outcome,
} from '@breakwater/core';
import {
  clientLimits,
  serverLimits,
  type Connection,
  type Listener,
  type Method,
  type ServerLimits,
} from '@breakwater/rpc';
import { grpcTransport } from './grpc-transport.js';

const encode = (message: unknown): Uint8Array => Buffer.from(String(message));
const decode = (bytes: Uint8Array): unknown => Buffer.from(bytes).toString();
const method = (name: string, kind: Method['kind']): Method => ({
  key: name,
  path: `/endpoints.v1.Test/${name}`,
  service: 'endpoints.v1.Test',
  method: name,
  kind,
  idempotency: 'unknown',
  encodeRequest: encode,
  decodeRequest: decode,
  encodeResponse: encode,
  decodeResponse: decode,
});
const UNARY = method('Unary', 'unary');
const STREAM = method('Stream', 'server_stream');

describe('endpoints and connections of grpc-js', () => {
  const runtime = createRuntime();
  const transport = grpcTransport();
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const listen = async (host = '127.0.0.1', limits: Partial<ServerLimits> = {}): Promise<Listener> => {
    const options = { name: 'endpoints', host, port: 0, limits: serverLimits(limits), runtime };
    const listener = await transport.listen(
      options,
      new Map([
        [UNARY.path, { method: UNARY, handler: async (call: Call) => succeed(call.request) }],
        [
          STREAM.path,
          {
            method: STREAM,
            handler: (call: Call) =>
              new Promise<Outcome>((resolve) => {
                call.responses?.headers(Metadata.EMPTY);
                call.cancellation.onCancel((status) => resolve(fail(status)));
              }),
          },
        ],
      ]),
    );
    opened.push(listener);
    return listener;
  };
  const ready = (connection: Connection): Promise<void> =>
    new Promise((resolve) => {
      if (connection.state === 'ready') return resolve();
      const stop = connection.onStateChange(() => {
        if (connection.state !== 'ready') return;
        stop();
        resolve();
      });
    });
  const connect = async (host: string, port: number): Promise<Connection> => {
    const options = { authority: 'endpoints', limits: clientLimits(), backoff: { initialMs: 20, maxMs: 50 }, runtime };
    const connection = transport.connect({ host, port }, options);
    opened.push(connection);
    connection.connect();
    await ready(connection);
    return connection;
  };
  const call = (connection: Connection, of = UNARY, overrides: Partial<Call> = {}): Promise<Outcome> => {
    const now = runtime.clock.now();
    return connection.call(of, {
      operation: of,
      target: 'endpoints',
      deadline: deadlineAfter(now, 10_000),
      now,
      metadata: Metadata.EMPTY,
      request: 'x',
      requests: undefined,
      responses: undefined,
      cancellation: new Cancellation(),
      attempt: 1,
      attributes: Attributes.EMPTY,
      tried: [],
      ...overrides,
    });
  };

  it('connects to a host by its name', async () => {
    const { address } = await listen();
    assert.ok((await call(await connect('localhost', address.port))).ok);
  });

  it('connects to an IPv6 address', async function () {
    const all = Object.values(networkInterfaces()).flat();
    if (!all.some((one) => one?.address === '::1')) {
      console.log('absent: ipv6, this machine has no ::1');
      this.skip();
    }
    const { address } = await listen('::1');
    const connection = await connect('::1', address.port);
    const outcome = await call(connection);
    assert.ok(outcome.ok);
    assert.equal(outcome.peer, `[::1]:${address.port}`);
  });

  it('a connection that has reached its age is replaced: what was sent is answered, what was not says so', async () => {
    const { address } = await listen('127.0.0.1', { maxConnectionAgeMs: 1000 });
    const connection = await connect('127.0.0.1', address.port);
    let replaced = 0;
    connection.onStateChange(() => {
      if (connection.state === 'ready') replaced++;
    });
    while (replaced === 0) {
      const outcome = await call(connection);
      if (!outcome.ok) assert.notEqual(outcome.sent, 'unknown', JSON.stringify(outcome));
      await new Promise(setImmediate);
    }
    assert.ok((await call(connection)).ok);
  });

  it('a stream that nobody ends holds a drain up; closing the listener ends both', async () => {
    const listener = await listen();
    const connection = await connect('127.0.0.1', listener.address.port);
    let streaming: Promise<Outcome> | undefined;
    const started = new Promise<void>((resolve) => {
      const responses = { headers: () => resolve(), message: (): true => true };
      streaming = call(connection, STREAM, { responses, deadline: Number.POSITIVE_INFINITY });
    });
    await started;
    let drained = false;
    const draining = listener.drain().then(() => {
      drained = true;
    });
    while (connection.state === 'ready') await new Promise(setImmediate);
    assert.equal(drained, false);
    assert.equal(listener.inFlight, 1);
    await listener.close();
    await draining;
    const outcome = await streaming;
    assert.ok(outcome !== undefined && !outcome.ok);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(listener.inFlight, 0);
  });

  it('a thousand calls at once on one connection, more than it has streams for, are all answered', async () => {
    const { address } = await listen('127.0.0.1', { maxConcurrentStreams: 50 });
    const connection = await connect('127.0.0.1', address.port);
    const outcomes = await Promise.all(Array.from({ length: 1000 }, () => call(connection)));
    assert.equal(outcomes.filter((outcome) => outcome.ok).length, 1000);
  });
});
