import assert from 'node:assert/strict';
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import {
  Attributes,
  Cancellation,
  Code,
  createRuntime,
  deadlineAfter,
  Metadata,
  succeed,
  type Call,
  type Outcome,
} from '@breakwater/core';
import { clientLimits, serverLimits, type Connection, type Listener, type Method } from '@breakwater/rpc';
import { grpcTransport } from './grpc-transport.js';

const METHOD: Method = {
  key: 'do',
  path: '/refusals.v1.Test/Do',
  service: 'refusals.v1.Test',
  method: 'Do',
  kind: 'unary',
  idempotency: 'unknown',
  encodeRequest: (message) => Buffer.from(String(message)),
  decodeRequest: (bytes) => Buffer.from(bytes).toString(),
  encodeResponse: (message) => Buffer.from(String(message)),
  decodeResponse: (bytes) => Buffer.from(bytes).toString(),
};

const UPLOAD: Method = {
  ...METHOD,
  key: 'upload',
  path: '/refusals.v1.Test/Upload',
  method: 'Upload',
  kind: 'client_stream',
};

/** How a call ends is one thing; whether the server can have seen it is what decides about another attempt. */
describe('what is known of a call that failed', () => {
  const runtime = createRuntime();
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const connect = async (port: number): Promise<Connection> => {
    const options = { authority: 'refusals', limits: clientLimits(), backoff: { initialMs: 20, maxMs: 50 }, runtime };
    const connection = grpcTransport().connect({ host: '127.0.0.1', port }, options);
    opened.push(connection);
    const ready = new Promise<void>((resolve) =>
      connection.onStateChange(() => connection.state === 'ready' && resolve()),
    );
    connection.connect();
    await ready;
    return connection;
  };
  const call = (connection: Connection, overrides: Partial<Call> = {}, method = METHOD): Promise<Outcome> => {
    const now = runtime.clock.now();
    return connection.call(method, {
      operation: method,
      target: 'refusals',
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
  /** A bare HTTP/2 server that does to each stream what the test says. */
  const rawServer = async (
    onStream: (stream: ServerHttp2Stream, count: number, sockets: readonly Socket[]) => void,
  ): Promise<number> => {
    const server: Http2Server = createServer();
    let count = 0;
    const sockets: Socket[] = [];
    server.on('connection', (socket: Socket) => sockets.push(socket));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      onStream(stream, ++count, sockets);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => void server.close() });
    return (server.address() as AddressInfo).port;
  };
  const answer = (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x6f, 0x6b]));
  };

  it('a stream that is refused once is sent again by itself', async () => {
    const port = await rawServer((stream, count) =>
      count === 1 ? stream.close(constants.NGHTTP2_REFUSED_STREAM) : answer(stream),
    );
    const outcome = await call(await connect(port));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(outcome.value, 'ok');
  });

  it('a stream that is refused again and again was certainly not handled: sent is "refused"', async () => {
    const outcome = await call(
      await connect(await rawServer((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))),
    );
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.sent, 'refused');
  });

  it('a stream that the server resets otherwise may have been handled: sent is "unknown"', async () => {
    const outcome = await call(
      await connect(await rawServer((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR))),
    );
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.INTERNAL);
    assert.equal(outcome.sent, 'unknown');
  });

  it('a server that only says it has refused, in its status, is not believed', async () => {
    const port = await rawServer((stream) =>
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '14',
          'grpc-message': 'Stream refused by server',
        },
        { endStream: true },
      ),
    );
    const outcome = await call(await connect(port));
    assert.ok(!outcome.ok);
    assert.equal(outcome.sent, 'unknown');
  });

  it('a connection that breaks in the middle of a call is CONNECTION_LOST', async () => {
    const port = await rawServer((_stream, _count, sockets) => sockets.forEach((socket) => socket.resetAndDestroy()));
    const outcome = await call(await connect(port));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNAVAILABLE);
    assert.equal(outcome.status.reason, 'CONNECTION_LOST');
    assert.equal(outcome.sent, 'unknown');
  });

  it('a response that ends without a status is not a success', async () => {
    const port = await rawServer((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.end();
    });
    const outcome = await call(await connect(port));
    assert.ok(!outcome.ok, JSON.stringify(outcome));
  });

  it('a web page is not taken for a message of enormous length: the answer says what came', async () => {
    const page = (httpStatus: number) => (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': httpStatus, 'content-type': 'text/html' });
      stream.end('<html><body>It works!</body></html>');
    };
    const found = await call(await connect(await rawServer(page(200))));
    assert.ok(!found.ok);
    assert.equal(found.status.code, Code.UNKNOWN);
    assert.equal(found.status.reason, 'PEER_NOT_GRPC');
    assert.match(found.status.details, /^127\.0\.0\.1:\d+ answered with text\/html, not gRPC$/);
    const unavailable = await call(await connect(await rawServer(page(503))));
    assert.ok(!unavailable.ok);
    assert.equal(unavailable.status.code, Code.UNAVAILABLE);
    assert.equal(unavailable.status.reason, 'PEER_NOT_GRPC');
  });

  it('OK without a message is UNIMPLEMENTED, as gRPC has it', async () => {
    const port = await rawServer((stream) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true }),
    );
    const outcome = await call(await connect(port));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNIMPLEMENTED);
  });

  it('calls that race with the GOAWAY of a server that drains fail as certainly not handled, or not at all', async () => {
    for (let round = 0; round < 5; round++) {
      let handled = 0;
      const options = { name: 'refusals', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime };
      const handler = async () => {
        handled++;
        return succeed('ok');
      };
      const listener: Listener = await grpcTransport().listen(
        options,
        new Map([[METHOD.path, { method: METHOD, handler }]]),
      );
      opened.push(listener);
      const connection = await connect(listener.address.port);
      const outcomes: Promise<Outcome>[] = [];
      let draining: Promise<void> | undefined;
      for (let turn = 0; turn < 60; turn++) {
        for (let one = 0; one < 4; one++) outcomes.push(call(connection));
        if (turn === 20) draining = listener.drain();
        await new Promise(setImmediate);
      }
      const results = await Promise.all(outcomes);
      await draining;
      const failed = results.filter((outcome) => !outcome.ok);
      assert.ok(failed.length > 0);
      for (const outcome of failed) assert.ok(!outcome.ok && outcome.sent !== 'unknown', JSON.stringify(outcome));
      assert.equal(handled, results.length - failed.length);
      connection.close();
    }
  });

  it('a cancelled upload is reset, and never half-closed before: no server can take it for a complete one', async () => {
    for (let round = 0; round < 10; round++) {
      let ended = false;
      let reading = (): void => {};
      let reset = (_halfClosed: boolean): void => {};
      const received = new Promise<void>((resolve) => {
        reading = resolve;
      });
      const halfClosed = new Promise<boolean>((resolve) => {
        reset = resolve;
      });
      const port = await rawServer((stream) => {
        stream.on('data', reading);
        stream.on('end', () => {
          ended = true;
        });
        // node:http2 ends a stream that was reset as well, but after it has said so.
        stream.on('aborted', () => reset(ended));
      });
      async function* upload(): AsyncGenerator<string> {
        yield 'the first half';
        await new Promise(() => {});
      }
      const cancellation = new Cancellation();
      const running = call(await connect(port), { requests: upload(), request: undefined, cancellation }, UPLOAD);
      await received;
      cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
      assert.ok(!(await running).ok);
      assert.equal(await halfClosed, false);
    }
  });

  it('metadata that HTTP/2 forbids ends its own call, not the connection', async () => {
    const connection = await connect(await rawServer(answer));
    const outcome = await call(connection, { metadata: Metadata.of({ connection: 'close' }) });
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.reason, 'ENCODE_FAILED');
    assert.equal(outcome.sent, 'no');
    assert.equal(connection.state, 'ready');
    assert.ok((await call(connection)).ok);
  });
});
