import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import { unknownMethodStatus } from './unknown-method.js';

describe('the status of a method that is not served', () => {
  const known = ['/shop.v1.Orders/Place', '/shop.v1.Orders/Cancel'];

  it('says that the service lacks the method, and which one is nearest', () => {
    const status = unknownMethodStatus('/shop.v1.Orders/Plaice', known);
    assert.equal(status.code, Code.UNIMPLEMENTED);
    assert.equal(status.reason, 'METHOD_UNKNOWN');
    assert.equal(status.details, 'service shop.v1.Orders has no method Plaice; did you mean /shop.v1.Orders/Place?');
  });

  it('says that the service is missing when no method of it is served', () => {
    assert.equal(
      unknownMethodStatus('/bank.v1.Ledger/Book', known).details,
      'no service bank.v1.Ledger is served here',
    );
  });
});
