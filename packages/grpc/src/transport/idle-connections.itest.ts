import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { createRuntime } from '@breakwater/core';
import { clientLimits, serverLimits, type ServerLimits } from '@breakwater/rpc';
import { grpcTransport } from './grpc-transport.js';

const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const PING_FRAME = 6;

/** Types of the HTTP/2 frames in a piece of a connection's bytes. */
function frameTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3] ?? -1);
  return types;
}

describe('connections on which nothing happens', () => {
  const runtime = createRuntime();
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });
  const listen = async (limits: Partial<ServerLimits>): Promise<number> => {
    const options = { name: 'idle', host: '127.0.0.1', port: 0, limits: serverLimits(limits), runtime };
    const listener = await grpcTransport().listen(options, new Map());
    opened.push(listener);
    return listener.address.port;
  };

  it('are closed by the server when the client does not answer its PING in time', async () => {
    const port = await listen({ keepaliveTimeMs: 1000, keepaliveTimeoutMs: 100 });
    const socket = connectTcp(port, '127.0.0.1');
    opened.push({ close: () => socket.destroy() });
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', () => {});
    socket.write(PREFACE);
    await new Promise<void>((resolve) => socket.on('close', () => resolve()));
    assert.ok(frameTypes(Buffer.concat(received)).includes(PING_FRAME), 'closed without having asked');
  });

  it('stay while the client answers', async () => {
    const port = await listen({ keepaliveTimeMs: 1000, keepaliveTimeoutMs: 100 });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    opened.push({ close: () => session.destroy() });
    let pings = 0;
    await new Promise<void>((resolve, reject) => {
      session.on('ping', () => ++pings === 2 && resolve());
      session.on('close', () => reject(new Error(`closed after ${pings} answered PINGs`)));
      session.on('error', reject);
    });
    assert.equal(session.closed, false);
  });

  it('get GOAWAY after maxConnectionIdleMs, and are made anew', async () => {
    const port = await listen({ maxConnectionIdleMs: 1000 });
    const connection = grpcTransport().connect(
      { host: '127.0.0.1', port },
      { authority: 'idle', limits: clientLimits(), backoff: { initialMs: 20, maxMs: 50 }, runtime },
    );
    opened.push(connection);
    const states: string[] = [];
    const renewed = new Promise<void>((resolve) =>
      connection.onStateChange(() => {
        states.push(connection.state);
        if (connection.state === 'idle') connection.connect();
        if (states.filter((state) => state === 'ready').length === 2) resolve();
      }),
    );
    connection.connect();
    await renewed;
    assert.ok(!states.includes('failed'), states.join());
  });
});
