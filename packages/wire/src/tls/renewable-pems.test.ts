import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { certificates } from '@breakwater/rpc/conformance';
import { serverPemsOf } from '@breakwater/rpc/transport-kit';
import { RenewablePems } from './renewable-pems.js';
import { PemFolder } from '../testing/pem-folder.js';

const { CA, OTHER, SECOND, SERVER } = certificates;

describe('PEM files that are renewed', () => {
  let folder: PemFolder;
  beforeEach(() => {
    folder = new PemFolder();
  });
  afterEach(() => folder.close());

  /** The pair of the folder, as a server names it. */
  const pair = () => ({ cert: folder.path('tls.crt'), key: folder.path('tls.key') });
  const written = ({ cert, key }: { cert: Buffer; key: Buffer }): RenewablePems => {
    folder.write('tls.crt', cert);
    folder.write('tls.key', key);
    return new RenewablePems(serverPemsOf(pair()));
  };

  it('are used when they are new, and the news name options and files', () => {
    const pems = written(SERVER);
    assert.equal(pems.look(1), undefined);
    const before = pems.context;
    folder.write('tls.crt', OTHER.cert);
    folder.write('tls.key', OTHER.key);
    const why = `tls.cert (${folder.path('tls.crt')}) and tls.key (${folder.path('tls.key')}) changed`;
    assert.deepEqual(pems.look(1), { outcome: 'used', why });
    assert.notEqual(pems.context, before);
    assert.ok(pems.parts.cert?.equals(OTHER.cert) && pems.parts.key?.equals(OTHER.key));
    assert.equal(pems.look(1), undefined);
  });

  it('are found when only the link to their folder has changed', () => {
    folder.swap({ 'tls.crt': SERVER.cert, 'tls.key': SERVER.key });
    const pems = new RenewablePems(serverPemsOf(pair()));
    folder.swap({ 'tls.crt': SERVER.cert, 'tls.key': SERVER.key });
    assert.equal(pems.look(1), undefined, 'the same content');
    folder.swap({ 'tls.crt': OTHER.cert, 'tls.key': OTHER.key });
    assert.equal(pems.look(1)?.outcome, 'used');
  });

  it('are not used one by one: until key and certificate belong together, the old pair stays', () => {
    const pems = written(SERVER);
    const { context } = pems;
    folder.write('tls.key', OTHER.key);
    assert.equal(pems.look(2), undefined, 'somebody may be about to write the certificate');
    assert.equal(pems.context, context);
    assert.ok(pems.parts.key?.equals(SERVER.key));
    folder.write('tls.crt', OTHER.cert);
    assert.equal(pems.look(2)?.outcome, 'used');
  });

  it('are refused, once, with the reason when they stay unusable', () => {
    const pems = written(SERVER);
    const { context } = pems;
    folder.write('tls.key', OTHER.key);
    assert.equal(pems.look(2), undefined);
    const news = pems.look(2);
    assert.equal(news?.outcome, 'refused');
    assert.match(
      news.why,
      /^tls\.key \(.*tls\.key\) changed, but tls\.key does not belong to tls\.cert.*stays in use$/,
    );
    assert.equal(pems.look(2), undefined);
    assert.equal(pems.context, context);
  });

  it('are refused anew when they are unusable in another way, or once more after all was well', () => {
    const pems = written(SERVER);
    folder.write('tls.key', OTHER.key);
    assert.match(pems.look(1)?.why ?? '', /does not belong/);
    folder.write('tls.key', Buffer.from('nonsense'));
    assert.match(pems.look(1)?.why ?? '', /tls\.key: the file ".*tls\.key" is not PEM/);
    folder.remove('tls.key');
    assert.match(pems.look(1)?.why ?? '', /tls\.key: the file .* cannot be read: ENOENT/);
    assert.equal(pems.look(1), undefined);
    folder.write('tls.key', SERVER.key);
    assert.equal(pems.look(1), undefined, 'what is in use is there again');
    folder.remove('tls.key');
    assert.match(pems.look(1)?.why ?? '', /ENOENT/);
  });

  it('are refused when an authority is cut off, which OpenSSL would not mind', () => {
    folder.write('ca.crt', CA);
    const sources = serverPemsOf({ ...SERVER, clientCa: folder.path('ca.crt') });
    const pems = new RenewablePems(sources);
    const both = Buffer.concat([CA, SECOND.ca]);
    folder.write('ca.crt', both.subarray(0, both.length - 100));
    assert.match(pems.look(1)?.why ?? '', /tls\.clientCa .* changed, but tls\.clientCa: .* cut off/);
    folder.write('ca.crt', both);
    assert.equal(pems.look(1)?.outcome, 'used');
    folder.write('ca.crt', Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'));
    assert.match(pems.look(1)?.why ?? '', /tls\.clientCa: OpenSSL cannot use it/);
    folder.write('ca.crt', SERVER.key);
    assert.match(pems.look(1)?.why ?? '', /it has no certificate/);
  });

  it('have to be usable in the beginning', () => {
    assert.throws(
      () => new RenewablePems(serverPemsOf(pair())),
      (error) => error instanceof ConfigError && error.field === 'tls.cert',
    );
  });

  it('are none when the PEMs were given themselves', () => {
    assert.equal(new RenewablePems(serverPemsOf(SERVER)).fromFiles, false);
    const text = { cert: SERVER.cert.toString(), key: SERVER.key.toString() };
    const pems = new RenewablePems(serverPemsOf(text));
    assert.equal(pems.fromFiles, false);
    assert.equal(pems.look(1), undefined);
  });
});
