import assert from 'node:assert/strict';
import { parseTarget } from '@breakwater/discovery';
import { authorityOf } from './authority.js';

describe('the authority of a target', () => {
  for (const [uri, authority, why] of [
    ['consul:///payments', 'payments', 'the service name where a registry names services'],
    ['static:///127.0.0.1:50051', '127.0.0.1:50051', 'the address of a static target'],
    ['static:///10.0.0.1:1,10.0.0.2:2', '10.0.0.1:1', 'the first of several addresses'],
    ['static:///10.0.0.1:1*3,10.0.0.2:2', '10.0.0.1:1', 'the first address without its weight'],
    ['static:///10.0.0.1:1*0.5', '10.0.0.1:1', 'an address without its fractional weight'],
    ['dns:///orders.internal:443', 'orders.internal:443', 'the host of a DNS target'],
  ] as const) {
    it(`is ${why}: ${uri}`, () => {
      assert.equal(authorityOf(parseTarget(uri)), authority);
    });
  }
});
