import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Http2Server } from 'node:http2';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { RpcError } from '@breakwater/core';
import fc from 'fast-check';
import { type ChatClient, Town } from './chat.itest.js';
import { describeOnEachTransport } from './each-transport.itest.js';

const CASES = 5 * (fc.readConfigureGlobal().numRuns ?? 100);

/** A gRPC message: flag, length, bytes; sound or with any of the three wrong. */
const message = fc
  .record({
    flag: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
    ),
    body: fc.oneof(
      fc.constantFrom('{"text":"x","count":1}', '{}', 'null', '[]', '"text"').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    ),
    lie: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5, max: 2 ** 31 }) },
    ),
  })
  .map(({ flag, body, lie }) => {
    const head = Buffer.alloc(5);
    head[0] = flag;
    head.writeUInt32BE(Math.max(0, body.length + lie) % 2 ** 32, 1);
    return Buffer.concat([head, body]);
  });
const body = fc.oneof(
  { weight: 4, arbitrary: fc.array(message, { maxLength: 3 }).map((all) => Buffer.concat(all)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
);
const text = fc.string({ maxLength: 20 }).map((all) => all.replaceAll(/[^\x21-\x7e]/g, '~'));
const headers = fc.dictionary(
  fc.oneof(
    fc.constantFrom('grpc-timeout', 'grpc-encoding', 'grpc-status', 'grpc-message', 'grpc-retry-pushback-ms'),
    fc.constantFrom('grpc-status-details-bin', 'x-bin', 'x-request-id', 'grpc-previous-rpc-attempts', 'traceparent'),
  ),
  fc.oneof(text, fc.nat().map(String), fc.constantFrom('1S', '99999999n', '0', '14', 'gzip', '%zz', '!!!!')),
  { maxKeys: 3 },
);

describeOnEachTransport('anything on the wire', function (transport) {
  this.timeout(20 * 60_000);
  let town: Town;
  beforeEach(() => {
    town = new Town(transport);
  });
  afterEach(() => town.close());

  const works = async (client: ChatClient): Promise<void> =>
    assert.equal((await client.one({ text: 'still', count: 1 })).text, 'still');

  it('in requests: each ends with a status or a reset, and the service goes on serving', async () => {
    const { port } = await town.open();
    const session = connect(`http://127.0.0.1:${port}`);
    let statuses = 0;
    const path = fc
      .constantFrom('One', 'Collect', 'Count', 'Talk', 'Nothing', '')
      .map((name) => `/test.v1.Chat/${name}`);
    await fc.assert(
      fc.asyncProperty(path, headers, body, async (where, given, bytes) => {
        const fixed = { ':method': 'POST', ':path': where, 'content-type': 'application/grpc', te: 'trailers' };
        const stream = session.request({ ...given, ...fixed });
        stream.on('error', () => {});
        const read = (fields: Record<string, unknown>): void => {
          if (fields['grpc-status'] !== undefined) statuses += 1;
        };
        stream.on('response', read).on('trailers', read);
        stream.resume().end(bytes);
        await once(stream, 'close');
      }),
      { numRuns: CASES },
    );
    session.destroy();
    assert.ok(statuses > CASES / 2, `only ${statuses} of ${CASES} requests got a status`);
    await works(town.client());
  });

  it('on raw connections: other connections are served meanwhile and after it', async () => {
    const { port } = await town.open();
    const client = town.client();
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const frame = fc
      .tuple(
        fc.integer({ min: 0, max: 12 }),
        fc.nat(255),
        fc.integer({ min: 0, max: 9 }),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([type, flags, stream, bytes]) =>
        Buffer.concat([Buffer.from([0, 0, bytes.length, type, flags, 0, 0, 0, stream]), bytes]),
      );
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(frame, { maxLength: 6 }), async (sound, frames) => {
        const socket = connectTcp(port, '127.0.0.1');
        socket.on('error', () => {}).resume();
        const finished = new Promise((resolve) => socket.once('finish', resolve).once('close', resolve));
        socket.end(Buffer.concat([...(sound ? [preface, settings] : []), ...frames]));
        await finished;
        // The server has read it when it has answered this.
        await works(client);
        socket.destroy();
      }),
      { numRuns: CASES },
    );
    await works(client);
  });

  it('in responses: every call settles, with its message or an error that has a code', async () => {
    let answer: { given: Record<string, string>; bytes: Buffer; ends: Record<string, string>; status: number };
    const server: Http2Server = createServer();
    // Node leaves the socket of a session open that broke down over what it was to send.
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      try {
        const { given, status } = answer;
        const fixed = { ':status': status, 'content-type': 'application/grpc' };
        stream.respond({ ...given, ...fixed }, { waitForTrailers: true });
        stream.on('wantTrailers', () => {
          try {
            stream.sendTrailers(answer.ends);
          } catch {
            stream.close();
          }
        });
        stream.end(answer.bytes);
      } catch {
        // Some headers Node itself refuses to send.
        stream.close();
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const policies = { retry: false, circuitBreaker: false } as const;
    const client = town.client({ policies }, `static:///127.0.0.1:${(server.address() as AddressInfo).port}`);
    const status = fc.oneof(
      { weight: 5, arbitrary: fc.constant(200) },
      { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
    );
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(headers, body, headers, status, fc.boolean(), async (given, bytes, ends, http, ok) => {
        answer = { given, bytes, ends: ok ? { ...ends, 'grpc-status': '0' } : ends, status: http };
        const settled = async (call: Promise<unknown>): Promise<void> => {
          await call.catch((error: unknown) => assert.ok(error instanceof RpcError, String(error)));
          ended += 1;
        };
        const read = async (): Promise<void> => {
          for await (const _message of client.count({ count: 1 }, { timeoutMs: 20_000 }));
        };
        await Promise.all([settled(client.one({}, { timeoutMs: 20_000 })), settled(read())]);
      }),
      { numRuns: CASES },
    );
    assert.ok(ended >= 2 * CASES);
    server.close();
    for (const socket of sockets) socket.destroy();
  });
});
