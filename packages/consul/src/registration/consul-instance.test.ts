import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { validateConsulInstance } from './consul-instance.js';

const base = { service: 'payments', host: '10.0.0.5', port: 5000 };
const refused = (message: RegExp) => (error: unknown) => error instanceof ConfigError && message.test(error.message);

describe('validateConsulInstance', () => {
  it('fills in the id', () => {
    assert.equal(validateConsulInstance(base).id, 'payments-10.0.0.5-5000');
  });

  it('refuses Meta that Consul would refuse, and keys that are ours', () => {
    const meta = (entries: Record<string, string>) => () => validateConsulInstance({ ...base, meta: entries });
    assert.throws(meta({ 'a b': '1' }), refused(/instance\.meta\.a b: keys are/));
    assert.throws(meta({ ['x'.repeat(129)]: '1' }), refused(/keys are 1 to 128/));
    assert.throws(meta({ '': '1' }), refused(/keys are/));
    assert.throws(meta({ 'consul-x': '1' }), refused(/reserved/));
    assert.throws(meta({ 'breakwater-weight': '9' }), refused(/reserved/));
    assert.throws(meta({ a: 'é'.repeat(257) }), refused(/at most 512 bytes/));
    assert.throws(
      meta(Object.fromEntries(Array.from({ length: 63 }, (_, n) => [`k${n}`, 'v']))),
      refused(/63 pairs; Consul leaves room for 62/),
    );
    meta({ a: 'x'.repeat(512), ['k'.repeat(128)]: '' })();
  });

  it('refuses names, ports and hosts that cannot be found again', () => {
    assert.throws(() => validateConsulInstance({ ...base, service: 'a/b' }), refused(/without a slash/));
    assert.throws(() => validateConsulInstance({ ...base, port: 65_536 }), refused(/instance\.port is 65536/));
    assert.throws(() => validateConsulInstance({ ...base, host: '::' }), refused(/all of my own interfaces/));
    assert.throws(() => validateConsulInstance({ ...base, tags: [''] }), refused(/instance\.tags\[0\]/));
  });
});
