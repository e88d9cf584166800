import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { succeed } from '@breakwater/core';
import type { ClientTls, ServerTls } from '../../transport/tls.js';
import { PEER_CERTIFICATE, type Address, type Transport } from '../../transport/transport.js';
import { fixturePerTest, type Handlers } from '../fixture.js';
import { UNARY } from '../methods.js';
import { CA, CLIENT, EXPIRED, OTHER, SELF_SIGNED, SERVER, STRANGER } from './certificates.js';
import { attempt, called, failureOf } from './failed-connection.js';
import type { SocketFeatures } from './socket-features.js';

const WHO: Handlers = [[UNARY, async (call) => succeed(call.attributes.get(PEER_CERTIFICATE) ?? 'nobody')]];

/** Who may talk to whom, and what those are told who may not. @param create a fresh transport on sockets */
export function describeTls(name: string, create: () => Transport, { requiresAlpn = true }: SocketFeatures): void {
  describe(`TLS: ${name}`, () => {
    const fixture = fixturePerTest(create);
    const listen = async (serverTls: ServerTls): Promise<Address> =>
      (await fixture().listen(WHO, { serverTls })).address;

    /** Who the handler takes the caller for. */
    const caller = async (address: Address, clientTls: ClientTls, authority = 'conformance'): Promise<unknown> => {
      const connection = await attempt(fixture(), address, { clientTls, authority });
      assert.equal(connection.state, 'ready', JSON.stringify(connection.error));
      return called(fixture(), connection);
    };

    it('a call goes over TLS, verified against the name of the target', async () => {
      assert.equal(await caller(await listen(SERVER), { ca: CA }), 'nobody');
    });

    it('an address as the name to verify is looked up in the certificate, with or without a port', async () => {
      const address = await listen(SERVER);
      for (const authority of ['127.0.0.1', `127.0.0.1:${address.port}`]) {
        assert.equal(await caller(address, { ca: CA }, authority), 'nobody');
      }
    });

    it('tls.serverName takes the place of the target', async () => {
      assert.equal(await caller(await listen(OTHER), { ca: CA, serverName: 'elsewhere' }), 'nobody');
    });

    it('with mTLS the handler knows the subject of the client', async () => {
      assert.equal(await caller(await listen({ ...SERVER, clientCa: CA }), { ca: CA, ...CLIENT }), 'O=Acme, CN=orders');
    });

    it('PEMs are read from files, too', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'breakwater-tls-'));
      fixture().own({ close: () => rmSync(folder, { recursive: true }) });
      const file = (as: string, bytes: Buffer): string => {
        writeFileSync(join(folder, as), bytes);
        return join(folder, as);
      };
      const ca = file('ca.pem', CA);
      const server = { cert: file('cert.pem', SERVER.cert), key: file('key.pem', SERVER.key), clientCa: ca };
      const client = { ca, cert: file('c.pem', CLIENT.cert), key: file('k.pem', CLIENT.key) };
      assert.equal(await caller(await listen(server), client), 'O=Acme, CN=orders');
    });

    const mutual = { ...SERVER, clientCa: CA };
    const refusals: readonly (readonly [string, ServerTls, ClientTls, RegExp])[] = [
      ['an expired certificate', EXPIRED, { ca: CA }, /certificate has expired; renew it on the server/],
      [
        'a certificate for another name',
        OTHER,
        { ca: CA },
        /is for DNS:elsewhere, not for conformance.*tls\.serverName/,
      ],
      ['a certificate of an unknown authority', SERVER, { ca: STRANGER.cert }, /authority unknown here.*tls\.ca/],
      ['a certificate that nobody else has signed', SELF_SIGNED, { ca: CA }, /self-signed.*tls\.ca/],
      ['a server that requires a client certificate', mutual, { ca: CA }, /requires a client certificate.*tls\.cert/],
      [
        'a server that does not trust the client certificate',
        mutual,
        { ca: CA, ...STRANGER },
        /client certificate of CN=stranger, signed by CN=Another authority/,
      ],
      [
        'a client certificate that has expired',
        mutual,
        { ca: CA, ...EXPIRED },
        /the client certificate of CN=expired, signed by CN=Test authority \(tls\.cert\) has expired on 2020-02-01; renew it/,
      ],
    ];
    for (const [what, server, clientTls, expected] of refusals) {
      it(`${what} is TLS_FAILED and says what to do`, async () => {
        const status = await failureOf(fixture(), await listen(server), { clientTls });
        assert.equal(status.reason, 'TLS_FAILED', status.details);
        assert.match(status.details, expected);
      });
    }

    /** How a bare TLS client fares with the server: the error that it gets, or what the server chose. */
    const handshake = (address: Address, options: ConnectionOptions): Promise<string> =>
      new Promise((resolve) => {
        const socket = connectTls({ ...address, ca: CA, checkServerIdentity: () => undefined, ...options });
        fixture().own({ close: () => socket.destroy() });
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        socket.once('close', () => resolve('closed'));
        // A client that was refused learns of it by what it reads.
        socket.once('data', () => resolve(`${String(socket.alpnProtocol)} over ${socket.getProtocol()}`));
      });

    it('a server speaks TLS 1.2 and 1.3, and refuses what is older', async () => {
      const address = await listen(SERVER);
      const h2 = { ALPNProtocols: ['h2'] };
      assert.equal(await handshake(address, h2), 'h2 over TLSv1.3');
      assert.equal(await handshake(address, { ...h2, maxVersion: 'TLSv1.2' }), 'h2 over TLSv1.2');
      const old = { ...h2, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      assert.match(await handshake(address, old), /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS/);
    });

    it('a client that does not offer HTTP/2 is refused in the handshake, or closed; the server goes on', async () => {
      const address = await listen(SERVER);
      assert.match(
        await handshake(address, { ALPNProtocols: ['http/1.1'] }),
        /NO_APPLICATION_PROTOCOL|closed|ECONNRESET/,
      );
      if (requiresAlpn) assert.match(await handshake(address, {}), /closed|ECONNRESET/);
      assert.equal(await caller(address, { ca: CA }), 'nobody');
    });
  });
}
