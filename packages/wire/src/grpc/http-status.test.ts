import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import { codeOfHttpStatus, codeOfReset } from './http-status.js';

describe('the codes of answers that are not gRPC', () => {
  it('follow the table of gRPC for HTTP statuses', () => {
    const table = new Map<number, Code>([
      [400, Code.INTERNAL],
      [401, Code.UNAUTHENTICATED],
      [403, Code.PERMISSION_DENIED],
      [404, Code.UNIMPLEMENTED],
      [429, Code.UNAVAILABLE],
      [502, Code.UNAVAILABLE],
      [503, Code.UNAVAILABLE],
      [504, Code.UNAVAILABLE],
    ]);
    for (let status = 0; status < 1000; status++)
      assert.equal(codeOfHttpStatus(status), table.get(status) ?? Code.UNKNOWN, `HTTP ${status}`);
  });

  it('follow the table of gRPC for error codes of HTTP/2', () => {
    const table = new Map<number, Code>([
      [0x7, Code.UNAVAILABLE],
      [0x8, Code.CANCELLED],
      [0xb, Code.RESOURCE_EXHAUSTED],
      [0xc, Code.PERMISSION_DENIED],
    ]);
    for (let code = 0; code < 20; code++)
      assert.equal(codeOfReset(code), table.get(code) ?? Code.INTERNAL, `code ${code}`);
  });
});
