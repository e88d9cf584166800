import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Code, type Status } from '@breakwater/core';
import type { Transport } from '../../transport/transport.js';
import { nextTurn } from '../../transport-kit/system-turn.js';
import { fixturePerTest } from '../fixture.js';
import { CA, SERVER } from './certificates.js';
import { attempt, called, failureOf } from './failed-connection.js';
import { listenHttp2, listenOn } from './raw-servers.js';

/** Whoever connects to the wrong thing is told what it is. @param create a fresh transport on sockets */
export function describeForeignPeers(name: string, create: () => Transport): void {
  describe(`peers that speak something else: ${name}`, () => {
    const fixture = fixturePerTest(create);

    it('a plaintext client is told that the server speaks TLS', async () => {
      const { address } = await fixture().listen([], { serverTls: SERVER });
      const status = await failureOf(fixture(), address);
      assert.equal(status.reason, 'PEER_NOT_GRPC');
      assert.match(status.details, /speaks TLS; configure tls/);
    });

    it('a TLS client is told that the server does not', async () => {
      const { address } = await fixture().listen([]);
      const status = await failureOf(fixture(), address, { clientTls: { ca: CA } });
      assert.equal(status.reason, 'PEER_NOT_GRPC', status.details);
      assert.match(status.details, /does not speak TLS/);
    });

    it('a peer that answers HTTP/1 is named as such', async () => {
      const address = await listenOn(
        fixture(),
        createHttpServer((_request, response) => response.end('hello')),
      );
      const status = await failureOf(fixture(), address);
      assert.equal(status.reason, 'PEER_NOT_GRPC');
      assert.equal(status.details, `127.0.0.1:${address.port} answered HTTP/1.1, not gRPC`);
    });

    it('a peer that answers HTTP/1 to a TLS client is told to speak no TLS', async () => {
      const address = await listenOn(fixture(), createHttpServer());
      const status = await failureOf(fixture(), address, { clientTls: { ca: CA } });
      assert.equal(status.reason, 'PEER_NOT_GRPC', status.details);
      assert.match(status.details, /does not speak TLS/);
    });

    it('a peer that speaks some other protocol is named as such', async () => {
      const ssh = (socket: Socket): void => {
        socket.on('error', () => {});
        socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n');
      };
      const address = await listenOn(fixture(), createTcpServer(ssh));
      const status = await failureOf(fixture(), address);
      assert.equal(status.reason, 'PEER_NOT_GRPC');
      assert.match(status.details, /SSH-2\.0/);
    });

    it('a peer that speaks in single bytes, and keeps the connection open, is named as such', async () => {
      const drip = (socket: Socket): void => {
        socket.setNoDelay(true).on('error', () => {});
        socket.resume().write('2');
        nextTurn(() => socket.write('20 mail.example ESMTP\r\n'));
      };
      const address = await listenOn(fixture(), createTcpServer(drip));
      const status = await failureOf(fixture(), address);
      assert.equal(status.reason, 'PEER_NOT_GRPC');
      assert.match(status.details, /its answer begins with "2/);
    });

    it('a TLS peer without HTTP/2 is named as such', async () => {
      const server = createTlsServer({ ...SERVER, ALPNProtocols: ['http/1.1'] }, (socket) => {
        socket.on('error', () => {});
        socket.resume().end('nothing');
      });
      const status = await failureOf(fixture(), await listenOn(fixture(), server), { clientTls: { ca: CA } });
      assert.equal(status.reason, 'PEER_NOT_GRPC', status.details);
      assert.match(status.details, /TLS but not HTTP\/2/);
    });

    it('a peer whose TLS is older than 1.2 is named as such', async () => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const server = createTlsServer({ ...SERVER, ...old, ALPNProtocols: ['h2'] });
      server.on('tlsClientError', () => {});
      const status = await failureOf(fixture(), await listenOn(fixture(), server), { clientTls: { ca: CA } });
      assert.equal(status.reason, 'TLS_FAILED');
      assert.match(status.details, /older than 1\.2/);
    });

    it('a peer that closes every connection is not taken for a gRPC server', async () => {
      const address = await listenOn(
        fixture(),
        createTcpServer((socket) => socket.on('error', () => {}).destroy()),
      );
      const status = await failureOf(fixture(), address);
      assert.equal(status.reason, 'CONNECT_FAILED');
      assert.match(status.details, new RegExp(`127\\.0\\.0\\.1:${address.port} closes connections without an answer`));
    });

    it('a port where nothing listens is named, with what the system says of it', async () => {
      const listener = await fixture().listen([]);
      await listener.close();
      const status = await failureOf(fixture(), listener.address);
      assert.equal(status.reason, 'CONNECT_FAILED');
      assert.match(status.details, /ECONNREFUSED.*nothing listens there/);
    });

    it('an address that cannot be one fails the connection, not the process', async () => {
      const status = await failureOf(fixture(), { host: '127.0.0.1', port: 70_000 });
      assert.equal(status.reason, 'CONNECT_FAILED');
      assert.match(status.details, /70000/);
    });

    it('an HTTP/2 server that knows no gRPC fails the call, not the connection', async () => {
      const address = await listenHttp2(fixture(), (stream) => {
        stream.respond({ ':status': 404 });
        stream.end('not found');
      });
      const connection = await attempt(fixture(), address);
      assert.equal(connection.state, 'ready');
      const status = (await called(fixture(), connection)) as Status;
      assert.equal(status.code, Code.UNIMPLEMENTED);
      assert.equal(status.reason, 'PEER_NOT_GRPC');
    });
  });
}
