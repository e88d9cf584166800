import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { parseTarget } from '../target.js';
import { inMemoryRegistry } from './in-memory-registry.js';

describe('InMemoryRegistry, in time,', () => {
  it('lets suspects go after suspectTtlMs and leaves no timer when closed', async () => {
    const clock = new FakeClock();
    const registry = inMemoryRegistry({ clock, suspectTtlMs: 1_000 });
    const registration = await registry.register({ service: 'a', host: 'h', port: 1 });
    const watcher = registry.watch(parseTarget('memory:///a'));
    await registration.deregister();
    assert.equal(watcher.current?.endpoints[0]?.health, 'suspect');
    assert.deepEqual(Object.keys(watcher.current ?? {}).sort(), ['endpoints', 'stale']);
    await clock.advance(999);
    assert.equal(watcher.current?.endpoints.length, 1);
    await clock.advance(1);
    assert.equal(watcher.current?.endpoints.length, 0);
    assert.equal(watcher.current?.unavailable?.reason, 'NO_ENDPOINTS');
    await registry.register({ service: 'a', host: 'h', port: 1 });
    await registration.deregister();
    assert.equal(watcher.current?.endpoints[0]?.health, 'passing', 'an old registration must not end a newer one');
    await registry.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('leaves no timer and says nothing when closed while it holds a suspect', async () => {
    const clock = new FakeClock();
    const registry = inMemoryRegistry({ clock });
    const registration = await registry.register({ service: 'a', host: 'h', port: 1 });
    const [one, other] = [registry.watch(parseTarget('memory:///a')), registry.watch(parseTarget('memory:///a?tag=x'))];
    await registration.deregister();
    assert.equal(clock.pendingTimers, 1);
    one.close();
    assert.equal(clock.pendingTimers, 0);
    other.close();
    assert.equal(one.current?.endpoints[0]?.health, 'suspect');
    await registry.close();
  });

  it('refuses options out of range and health of strangers', () => {
    assert.throws(() => inMemoryRegistry({ suspectTtlMs: -1 }), ConfigError);
    assert.throws(() => inMemoryRegistry().setHealth('a', 'b', 'critical'), ConfigError);
  });
});
