import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { EchoDefinition } from '../testing/echo.js';
import type { ServiceDefinition } from './definition.js';
import { methodsOf } from './method.js';

describe('methodsOf', () => {
  it('tells a caller who passes no message what to pass, whatever the codec would have said', () => {
    for (const method of methodsOf(EchoDefinition)) {
      for (const nothing of [undefined, null]) {
        assert.throws(
          () => method.encodeRequest(nothing),
          /it is (undefined|null); pass a message, \{\} for an empty one/,
        );
      }
      assert.equal(typeof method.decodeRequest(method.encodeRequest({})), 'object');
    }
  });

  it('gives the codecs that its methods encode and decode with, one for each message type', () => {
    const [first, second] = methodsOf(EchoDefinition);
    assert.ok(first?.requestCodec !== undefined && first.responseCodec !== undefined);
    assert.equal(first.requestCodec, second?.responseCodec);
    const note = { text: 'a note', count: 2 };
    assert.deepEqual(first.requestCodec.encode(note), first.encodeRequest(note));
    assert.deepEqual(first.responseCodec.encode(note), first.encodeResponse(note));
    assert.deepEqual(first.requestCodec.decode(Buffer.from(first.encodeRequest(note))), note);
    assert.deepEqual(first.decodeResponse(first.encodeResponse({ count: 2 })), { text: '', count: 2 });
  });

  it('refuses what is no service definition, and says where one comes from', () => {
    for (const wrong of [undefined, null, {}, 'Payments', { fullName: 'a.B' }]) {
      assert.throws(
        () => methodsOf(wrong as unknown as ServiceDefinition),
        (error: unknown) => error instanceof ConfigError && /breakwater generate/.test(error.message),
      );
    }
  });
});
