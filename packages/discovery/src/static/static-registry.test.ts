import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { parseTarget } from '../target.js';
import { staticRegistry } from './static-registry.js';

const refused = (message: RegExp) => (error: unknown) => error instanceof ConfigError && message.test(error.message);

describe('staticRegistry', () => {
  const registry = staticRegistry();

  it('has the addresses of the target at once, with their weights', () => {
    const watcher = registry.watch(parseTarget('static:///10.0.0.5:5000,[::1]:5001*3, svc.internal:5002*0.5'));
    assert.deepEqual(
      watcher.current?.endpoints.map(({ id, host, port, weight, health }) => [id, host, port, weight, health]),
      [
        ['10.0.0.5:5000', '10.0.0.5', 5000, 1, 'passing'],
        ['[::1]:5001', '::1', 5001, 3, 'passing'],
        ['svc.internal:5002', 'svc.internal', 5002, 0.5, 'passing'],
      ],
    );
    assert.equal(watcher.current?.stale, false);
    watcher.close();
  });

  it('serves a bare host:port', () => {
    assert.equal(registry.watch(parseTarget('127.0.0.1:5000')).current?.endpoints[0]?.id, '127.0.0.1:5000');
  });

  it('tells a subscriber, though not from within subscribe', async () => {
    let heard = 0;
    registry.watch(parseTarget('static:///a:1')).subscribe(() => (heard += 1));
    assert.equal(heard, 0);
    await Promise.resolve();
    assert.equal(heard, 1);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['static:///a', /"a", but must be host:port/],
    ['static:///a:0', /port from 1 to 65535/],
    ['static:///a:65536', /port from 1 to 65535/],
    ['static:///a:1,', /"", but must be host:port/],
    ['static:///::1:5000', /host:port/],
    ['static:///a:1*0', /weight of a:1\*0 in target is 0/],
    ['static:///a:1*x', /weight of a:1\*x in target is "x"/],
    ['static:///a:1*', /weight of a:1\*/],
    ['static:///a:1,a:1', /lists a:1 twice; give it a weight instead: a:1\*2/],
    ['static://dns/a:1', /before the third slash/],
    ['static:///a:1?tag=x', /unknown parameter tag; static targets take none/],
  ];
  for (const [uri, message] of wrong) {
    it(`refuses ${uri}`, () => assert.throws(() => registry.watch(parseTarget(uri)), refused(message)));
  }

  it('cannot register, lists nothing, and closes', async () => {
    const own = staticRegistry();
    await assert.rejects(
      own.register({ service: 'a', host: 'b', port: 1 }),
      refused(/static addresses cannot register "a"/),
    );
    assert.deepEqual(await own.services(), []);
    await own.close();
    assert.throws(() => own.watch(parseTarget('static:///a:1')), ConfigError);
  });
});
