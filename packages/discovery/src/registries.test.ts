import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { inMemoryRegistry } from './memory/in-memory-registry.js';
import { createRegistries, registryFor } from './registries.js';
import { staticRegistry } from './static/static-registry.js';
import { parseTarget } from './target.js';

const refused = (message: RegExp) => (error: unknown) => error instanceof ConfigError && message.test(error.message);

describe('registries', () => {
  it('are found by the scheme of the target', () => {
    const memory = inMemoryRegistry();
    const registries = createRegistries([staticRegistry(), memory]);
    assert.equal(registries.registryFor(parseTarget('MEMORY:///a')), memory);
    assert.equal(registries.watch('static:///a:1').current?.endpoints.length, 1);
    assert.equal(registries.watch('a:1').current?.endpoints.length, 1);
  });

  it('name the known schemes for one that nobody serves, and the nearest', () => {
    const list = [staticRegistry(), inMemoryRegistry()];
    assert.throws(
      () => registryFor(parseTarget('memroy:///a'), list),
      refused(/nobody resolves memroy:\/\/; known schemes: static:\/\/, memory:\/\/ \(did you mean memory:\/\/\?\)/),
    );
    assert.throws(
      () => registryFor(parseTarget('zookeeper:///a'), list),
      refused(/known schemes: static:\/\/, memory:\/\/$/),
    );
    assert.throws(() => registryFor(parseTarget('x:///a'), []), refused(/no registry is configured/));
    assert.throws(() => createRegistries(list).watch('not a target'), refused(/must be a URI such as/));
  });

  it('refuse two for one scheme, but take the same one twice', () => {
    const memory = inMemoryRegistry();
    assert.throws(() => createRegistries([memory, inMemoryRegistry()]), refused(/serve memory:\/\/ targets; keep one/));
    assert.equal(createRegistries([memory, memory]).all.length, 1);
  });

  it('are all closed, also when one cannot be', async () => {
    const memory = inMemoryRegistry();
    const broken = { ...staticRegistry(), close: () => Promise.reject(new Error('stuck')) };
    await assert.rejects(createRegistries([broken, memory]).close(), /stuck/);
    assert.throws(() => memory.watch(parseTarget('memory:///a')), ConfigError);
  });
});
