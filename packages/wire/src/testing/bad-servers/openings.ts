import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { Code } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { frame, goaway, ping, settings } from '../frames.js';
import { TYPE } from '../numbers.js';
import { PREFACE, type RawPeer } from '../raw-peer.js';
import { TEST_CERT, TEST_KEY } from '../test-certificate.js';
import { answer, answering, expectAnswer, expectFailure, expectStatus, type Expected, type Stage } from './stage.js';

const says = (text: string | Uint8Array) => (peer: RawPeer) => {
  peer.send(Buffer.from(text as Uint8Array));
  peer.socket.end();
};

const strangers: readonly (readonly [what: string, (peer: RawPeer) => unknown, says: RegExp])[] = [
  ['answers HTTP/1.1', says('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'), /answered HTTP\/1\.1, not gRPC/],
  ['answers HTTP/1.0', says('HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n<html></html>'), /HTTP\/1\.0, not gRPC/],
  ['sends an SSH banner', says('SSH-2.0-OpenSSH_9.6\r\n'), /SSH-2\.0/],
  ['sends an SMTP banner', says('220 mail.example.com ESMTP\r\n'), /220 mail/],
  ['sends a TLS alert', says(Buffer.from('15030100020246', 'hex')), /speaks TLS; configure tls/],
  [
    'sends garbage',
    says(Buffer.from(Array.from({ length: 100 }, (_, index) => (index * 89 + 7) & 0xff))),
    /does not speak HTTP\/2/,
  ],
  ['sends the words of a client', says(Buffer.concat([PREFACE, settings()])), /does not speak HTTP\/2.*PRI/],
  ['closes at once', (peer) => peer.close(), /closes connections without an answer|ECONNRESET/],
  [
    'closes when it has heard the client',
    (peer) => peer.socket.once('data', () => peer.socket.end()),
    /closes connections without an answer|ECONNRESET/,
  ],
];

/** HTTP/2, from its first frame on, but not as it should be. */
const badHandshakes: readonly (readonly [what: string, first: Uint8Array])[] = [
  ['that is a PING', ping()],
  ['that is GOAWAY', goaway(0, 'INTERNAL_ERROR', 'go away')],
  ['that is SETTINGS of five bytes', frame({ type: TYPE.SETTINGS, payload: Buffer.alloc(5) })],
  ['that is SETTINGS on a stream', frame({ type: TYPE.SETTINGS, stream: 1 })],
  ['that acknowledges SETTINGS', frame({ type: TYPE.SETTINGS, flags: 1 })],
  ['with a window of 2^31', settings(['INITIAL_WINDOW_SIZE', 2 ** 31])],
  ['with a frame size of 1', settings(['MAX_FRAME_SIZE', 1])],
  ['that enables push, of a server', settings(['ENABLE_PUSH', 1])],
  ['that is longer than a frame may be', frame({ type: TYPE.SETTINGS, payload: Buffer.alloc(16_386) })],
];

/** What never becomes a connection: it fails, says what is there, and is tried again. */
export function describeOpenings(stage: () => Stage): void {
  for (const [what, script, text] of strangers) {
    it(`a server that ${what}`, async () => {
      const server = await stage().listen(script);
      const expected: Expected = { code: Code.UNAVAILABLE, says: text };
      expectStatus(await stage().refusal(server.port), expected);
    });
  }

  for (const [what, first] of badHandshakes) {
    it(`a server with a first frame ${what}`, async () => {
      const server = await stage().listen((peer) => peer.send(first));
      const connection = stage().dial(server.port);
      // It may be ready for a moment, but does not stay so: it is tried again.
      await stage().until(() => server.peers.length >= 2, 'the connection is not tried again');
      expectFailure(await stage().call(connection), { code: [Code.UNAVAILABLE, Code.INTERNAL], sent: 'no' });
    });
  }

  it('a server that is there in the end', async () => {
    const good = answering((peer, stream) => peer.send(answer(stream)));
    const server = await stage().listen((peer, index) => (index < 3 ? peer.close() : good(peer, index)));
    const connection = await stage().connect(server.port);
    expectAnswer(await stage().call(connection));
  });

  it('a server that takes connections and says nothing', async () => {
    const clock = new FakeClock();
    const heard: RawPeer[] = [];
    const server = await stage().listen((peer) => peer.socket.once('data', () => heard.push(peer)));
    const connection = stage().dial(server.port, { clock });
    await stage().until(() => heard.length > 0, 'nothing was heard of the client');
    expectFailure(await stage().call(connection), { code: Code.UNAVAILABLE, sent: 'no' });
    await clock.advance(20_000);
    await stage().reached(connection, 'failed');
    if (connection.error === undefined) throw new Error('it does not say why');
    expectStatus(connection.error, {
      code: Code.UNAVAILABLE,
      reason: 'CONNECT_FAILED',
      says: /no answer within 20000 ms/,
    });
  });

  it('plaintext where TLS was expected', async () => {
    const server = await stage().listen(answering(() => {}));
    const status = await stage().refusal(server.port, { tls: { ca: Buffer.from(TEST_CERT) } });
    expectStatus(status, { code: Code.UNAVAILABLE, reason: 'PEER_NOT_GRPC', says: /does not speak TLS/ });
  });

  /** TLS, and then what `onSecure` does. */
  const secure = async (alpn: readonly string[], onSecure: (socket: TLSSocket) => void): Promise<number> => {
    const server = createTlsServer({ cert: TEST_CERT, key: TEST_KEY, ALPNProtocols: [...alpn] }, (socket) => {
      socket.on('error', () => {}).resume();
      onSecure(socket);
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stage().keep({ close: () => void server.close() });
    return (server.address() as AddressInfo).port;
  };
  const tls = { ca: Buffer.from(TEST_CERT) };

  it('TLS where plaintext was expected', async () => {
    const port = await secure(['h2'], () => {});
    const status = await stage().refusal(port);
    expectStatus(status, { code: Code.UNAVAILABLE, reason: 'PEER_NOT_GRPC', says: /speaks TLS; configure tls/ });
  });

  it('TLS without HTTP/2', async () => {
    const port = await secure(['http/1.1'], (socket) => socket.end());
    const status = await stage().refusal(port, { tls });
    expectStatus(status, { code: Code.UNAVAILABLE, reason: 'PEER_NOT_GRPC', says: /not HTTP\/2 over it/ });
  });

  it('HTTP/1.1 over TLS that has agreed on h2', async () => {
    const port = await secure(['h2'], (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    const status = await stage().refusal(port, { tls });
    expectStatus(status, { code: Code.UNAVAILABLE, reason: 'PEER_NOT_GRPC', says: /HTTP\/1\.1, not gRPC/ });
  });

  it('TLS that ends after its handshake', async () => {
    const port = await secure(['h2'], (socket) => socket.destroy());
    expectStatus(await stage().refusal(port, { tls }), { code: Code.UNAVAILABLE, says: /closed the connection/ });
  });
}
