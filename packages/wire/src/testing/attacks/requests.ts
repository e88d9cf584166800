import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import { data, headers } from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { literals, type Field } from '../literals.js';
import { ECHO } from '../methods.js';
import type { Arena } from './arena.js';
import { expectReaction, MALFORMED, SERVED, type Reaction } from './reaction.js';

const PATH = ECHO.path;
const fields = (...extra: readonly Field[]): readonly Field[] => requestFields(PATH, extra);
const without = (...names: readonly string[]): readonly Field[] => requestFields(PATH, [], names);
/** A good request with one field in another place or with another value. */
const instead = (name: string, value: string): readonly Field[] =>
  requestFields(PATH).map((field) => (field[0] === name ? [name, value] : field));
const first = (...extra: readonly Field[]): readonly Field[] => [...extra, ...requestFields(PATH)];

type Case = readonly [what: string, fields: readonly Field[], allowed?: Reaction];

/** gRPC has one method and one content type; what else is well-formed is refused without a reset, or with one. */
const REFUSED: Reaction = {
  http: [400, 404, 405, 415, 501],
  grpc: [Code.UNIMPLEMENTED, Code.INTERNAL, Code.INVALID_ARGUMENT],
  reset: ['PROTOCOL_ERROR', 'REFUSED_STREAM', 'CONNECT_ERROR', 'CANCEL'],
};
/** Taken or refused, but never taken for something else. */
const EITHER: Reaction = { ...REFUSED, grpc: [...(REFUSED.grpc ?? []), Code.OK] };

/** @see RFC 9113, section 8.3: what makes two implementations see two requests in one */
const PSEUDO: readonly Case[] = [
  ['an unknown pseudo-header', first([':unknown', 'x'])],
  ['a pseudo-header of responses', first([':status', '200'])],
  ['two :method', first([':method', 'POST'])],
  ['two :path', first([':path', '/other.v1.Service/Do'])],
  ['two :scheme', first([':scheme', 'https'])],
  ['two :authority', first([':authority', 'other'])],
  ['no :method', without(':method')],
  ['no :path', without(':path')],
  ['no :scheme', without(':scheme')],
  ['an empty :path', instead(':path', '')],
  ['a :path after a regular field', [...without(':path'), [':path', PATH]]],
  ['a second :path after regular fields', fields([':path', '/other.v1.Service/Do'])],
  ['an unknown pseudo-header after regular fields', fields([':x', '1'])],
  ['a :path with a space and a request of its own', instead(':path', `${PATH} HTTP/1.1\r\nHost: x`)],
  ['a :path with NUL', instead(':path', `${PATH}\0`)],
  ['a :method with a space', instead(':method', 'POST /')],
  ['a :protocol that was never agreed on', first([':protocol', 'websocket'])],
  ['a :path that is none', instead(':path', 'test.v1.Raw/Echo'), REFUSED],
  ['a :path of a star', instead(':path', '*'), REFUSED],
  ['a :path that is a whole URL', instead(':path', `http://test${PATH}`), REFUSED],
  ['a host that differs from :authority', fields(['host', 'other']), { ...EITHER, ...MALFORMED }],
];

/** @see RFC 9113, section 8.2 */
const FIELDS: readonly Case[] = [
  ['a name in upper case', fields(['X-Upper', '1'])],
  ['one letter in upper case', fields(['x-uppeR', '1'])],
  ['an empty name', fields(['', '1'])],
  ['a name with a space', fields(['x y', '1'])],
  ['a name with a colon', fields(['x:y', '1'])],
  ['a name with NUL', fields(['x\0y', '1'])],
  ['a name with CR and LF', fields(['x\r\ny', '1'])],
  ['a name outside ASCII', fields(['x-\u00e9', '1'])],
  ['a value with NUL', fields(['x-value', 'a\0b'])],
  ['a value with CR', fields(['x-value', 'a\rb'])],
  ['a value with LF', fields(['x-value', 'a\nb'])],
  ['a value with a header of its own', fields(['x-value', 'a\r\ntransfer-encoding: chunked'])],
  ['connection', fields(['connection', 'close'])],
  ['keep-alive', fields(['keep-alive', 'timeout=5'])],
  ['proxy-connection', fields(['proxy-connection', 'keep-alive'])],
  ['transfer-encoding', fields(['transfer-encoding', 'chunked'])],
  ['upgrade', fields(['upgrade', 'h2c'])],
  ['te of gzip', instead('te', 'gzip')],
  ['te of trailers and more', instead('te', 'trailers, deflate')],
  ['a value that begins with a space', fields(['x-value', ' a']), { ...SERVED, ...MALFORMED }],
  ['a value with bytes outside ASCII', fields(['x-value', '\u00e9\u00ff']), { ...EITHER, ...MALFORMED }],
  ['no te', without('te'), EITHER],
  ['an empty value', fields(['x-value', '']), SERVED],
  ['a tab in a value', fields(['x-value', 'a\tb']), SERVED],
];

/** The body of every request here: one message of 5 bytes, 10 in all. @see RFC 9113, section 8.1.1 */
const LENGTHS: readonly Case[] = [
  ['a content-length that is too small', fields(['content-length', '9'])],
  ['a content-length that is too large', fields(['content-length', '11'])],
  ['a content-length of 0', fields(['content-length', '0'])],
  ['two content-lengths that differ', fields(['content-length', '10'], ['content-length', '9'])],
  ['a content-length that is no number', fields(['content-length', 'ten'])],
  ['a negative content-length', fields(['content-length', '-10'])],
  ['a content-length over 2^64', fields(['content-length', '18446744073709551626'])],
  ['the right content-length', fields(['content-length', '10']), SERVED],
];

/** Malformed requests: each is reset, none is taken for another one, and its connection goes on. */
export function describeRequests(arena: () => Arena): void {
  for (const [what, list, allowed = MALFORMED] of [...PSEUDO, ...FIELDS, ...LENGTHS]) {
    it(what, async () => {
      const attacker = await arena().attacker();
      attacker.send(headers(1, literals(list)), data(1, message('hello'), { endStream: true }));
      await expectReaction(attacker, 1, allowed);
      // The call that follows on the same connection is the one that was started.
      if (allowed === MALFORMED) assert.equal(arena().handlers.started, 1, 'a malformed request reached a handler');
      await arena().survived(attacker);
    });
  }

  it('trailers with a pseudo-header', async () => {
    const attacker = await arena().attacker();
    attacker.send(headers(1, literals(fields())), data(1, message('hello')));
    attacker.send(headers(1, literals([[':path', '/other.v1.Service/Do']]), { endStream: true }));
    await expectReaction(attacker, 1, MALFORMED);
    await arena().survived(attacker);
  });

  it('CONNECT', async () => {
    const attacker = await arena().attacker();
    attacker.send(
      headers(
        1,
        literals([
          [':method', 'CONNECT'],
          [':authority', 'other:80'],
        ]),
      ),
    );
    await expectReaction(attacker, 1, REFUSED);
    await arena().survived(attacker);
  });
}
