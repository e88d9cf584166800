import assert from 'node:assert/strict';
import { FakeClock } from '@breakwater/core/testing';
import { certificates } from '@breakwater/rpc/conformance';
import type { PemNews } from './renewable-pems.js';
import { ServerPems } from './server-pems.js';
import { PemFolder } from '../testing/pem-folder.js';

const { OTHER, SERVER } = certificates;

describe("a server's look at its PEM files", () => {
  const clock = new FakeClock();
  let folder: PemFolder;
  let news: PemNews[];
  beforeEach(() => {
    folder = new PemFolder();
    news = [];
    folder.write('tls.crt', SERVER.cert);
    folder.write('tls.key', SERVER.key);
  });
  afterEach(() => {
    folder.close();
    assert.equal(clock.pendingTimers, 0);
  });
  const watch = (everyMs: number, tls = { cert: folder.path('tls.crt'), key: folder.path('tls.key') }): ServerPems => {
    const pems = new ServerPems(tls, clock, everyMs);
    pems.watch((one) => news.push(one));
    return pems;
  };

  it('comes once per interval, until it is stopped', () => {
    const pems = watch(10_000);
    folder.write('tls.crt', OTHER.cert);
    folder.write('tls.key', OTHER.key);
    clock.tick(9_999);
    assert.equal(news.length, 0);
    clock.tick(1);
    assert.deepEqual(
      news.map(({ outcome }) => outcome),
      ['used'],
    );
    assert.ok(Buffer.from(pems.options.cert as Buffer).equals(OTHER.cert));
    folder.write('tls.crt', SERVER.cert);
    folder.write('tls.key', SERVER.key);
    clock.tick(10_000);
    assert.equal(news.length, 2);
    pems.stop();
  });

  it('says nothing of a pair that does not fit before the second time', () => {
    const pems = watch(10_000);
    folder.write('tls.crt', OTHER.cert);
    clock.tick(10_000);
    assert.equal(news.length, 0);
    clock.tick(10_000);
    assert.equal(news[0]?.outcome, 'refused');
    clock.tick(50_000);
    assert.equal(news.length, 1);
    assert.ok(Buffer.from(pems.options.cert as Buffer).equals(SERVER.cert));
    pems.stop();
  });

  it('does not come for PEMs that were given themselves, nor when it was switched off', () => {
    watch(10_000, { cert: SERVER.cert.toString(), key: SERVER.key.toString() });
    watch(Number.POSITIVE_INFINITY);
    assert.equal(clock.pendingTimers, 0);
  });

  it('insists on TLS 1.2', () => {
    assert.equal(new ServerPems(SERVER, clock, 10_000).options.minVersion, 'TLSv1.2');
  });
});
