import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import type { ClientTls, ServerTls } from '../../transport/tls.js';
import type { Transport } from '../../transport/transport.js';
import { fixturePerTest } from '../fixture.js';
import { CA, CLIENT, OTHER, SERVER } from './certificates.js';

const NO_CERTIFICATE = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');

const BAD_SERVERS: readonly (readonly [string, ServerTls, string, RegExp])[] = [
  [
    'a file that is not there',
    { cert: '/nowhere/cert.pem', key: SERVER.key },
    'tls.cert',
    /\/nowhere\/cert\.pem.*ENOENT/,
  ],
  ['bytes that are no PEM', { cert: Buffer.from('nonsense'), key: SERVER.key }, 'tls.cert', /not PEM/],
  ['a PEM without a certificate', { cert: NO_CERTIFICATE, key: SERVER.key }, 'tls.cert', /OpenSSL/],
  [
    'a key that belongs to another certificate',
    { cert: SERVER.cert, key: OTHER.key },
    'tls.key',
    /does not belong to tls\.cert/,
  ],
  ['a missing key', { cert: SERVER.cert } as unknown as ServerTls, 'tls.key', /path to a PEM file/],
];

const BAD_CLIENTS: readonly (readonly [string, ClientTls, string, RegExp])[] = [
  ['a file that is not there', { ca: '/nowhere/ca.pem' }, 'tls.ca', /ENOENT/],
  ['a certificate without its key', { cert: CLIENT.cert }, 'tls.key', /set both or neither/],
  ['a key without its certificate', { key: CLIENT.key }, 'tls.cert', /set both or neither/],
  ['a misspelt option', { cA: CA } as ClientTls, 'tls.cA', /did you mean "ca"/],
];

/** PEMs that cannot be used are a mistake of the configuration, found at the start. @param create a fresh transport on sockets */
export function describePems(name: string, create: () => Transport): void {
  describe(`unusable PEMs: ${name}`, () => {
    const fixture = fixturePerTest(create);
    const expected =
      (field: string, message: RegExp) =>
      (error: unknown): boolean =>
        error instanceof ConfigError && error.field === field && message.test(error.message);

    for (const [what, serverTls, field, message] of BAD_SERVERS) {
      it(`${what} is a ConfigError of the server that names ${field}`, async () => {
        await assert.rejects(fixture().listen([], { serverTls }), expected(field, message));
      });
    }
    for (const [what, clientTls, field, message] of BAD_CLIENTS) {
      it(`${what} is a ConfigError of the client that names ${field}`, () => {
        assert.throws(() => fixture().connect({ host: '127.0.0.1', port: 1 }, { clientTls }), expected(field, message));
      });
    }
  });
}
