import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { Transport } from '../../transport/transport.js';
import { fixturePerTest } from '../fixture.js';

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

/** What a server does about connections without calls. @param create a fresh transport on sockets */
export function describeIdleConnections(name: string, create: () => Transport): void {
  describe(`connections on which nothing happens: ${name}`, () => {
    const fixture = fixturePerTest(create);
    const PATIENCE = { server: { keepaliveTimeMs: 1000, keepaliveTimeoutMs: 100 } };

    it('are closed by the server when the client does not answer its PING in time', async () => {
      const { address } = await fixture().listen([], PATIENCE);
      const socket = connectTcp(address.port, '127.0.0.1');
      fixture().own({ close: () => socket.destroy() });
      const received: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => received.push(chunk));
      socket.on('error', () => {});
      socket.write(PREFACE);
      await new Promise<void>((resolve) => socket.on('close', () => resolve()));
      assert.ok(frameTypes(Buffer.concat(received)).includes(PING_FRAME), 'closed without having asked');
    });

    it('stay while the client answers', async () => {
      const { address } = await fixture().listen([], PATIENCE);
      const session = connectHttp2(`http://127.0.0.1:${address.port}`);
      fixture().own({ close: () => session.destroy() });
      let pings = 0;
      await new Promise<void>((resolve, reject) => {
        session.on('ping', () => ++pings === 2 && resolve());
        session.on('close', () => reject(new Error(`closed after ${pings} answered PINGs`)));
        session.on('error', reject);
      });
      assert.equal(session.closed, false);
    });

    it('get GOAWAY after maxConnectionIdleMs, and are made anew', async () => {
      const { address } = await fixture().listen([], { server: { maxConnectionIdleMs: 1000 } });
      const connection = fixture().connect(address);
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
}
