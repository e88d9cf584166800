import assert from 'node:assert/strict';
import fc from 'fast-check';
import { percentDecode, percentEncode } from './percent.js';

/** What a header value may be: printable ASCII, without a space at its ends. */
const LEGAL_VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

describe('percent encoding', () => {
  it('leaves printable ASCII as it is, but for the percent sign', () => {
    assert.equal(percentEncode('no such order: "7" (try again)'), 'no such order: "7" (try again)');
    assert.equal(percentEncode('100%'), '100%25');
    assert.equal(percentEncode(''), '');
  });

  it('escapes the octets of UTF-8, in upper case', () => {
    assert.equal(percentEncode('ä\n€'), '%C3%A4%0A%E2%82%AC');
    assert.equal(percentEncode('🚢'), '%F0%9F%9A%A2');
    assert.equal(percentEncode('\x7f\x00'), '%7F%00');
  });

  it('gives back every code point, in a value that a header may have', () => {
    for (let from = 0; from <= 0x10ffff; from += 64) {
      const codes = Array.from({ length: 64 }, (_, index) => from + index);
      const text = String.fromCodePoint(...codes.filter((code) => code < 0xd800 || code > 0xdfff));
      const encoded = percentEncode(text);
      assert.match(encoded, LEGAL_VALUE);
      assert.equal(percentDecode(encoded), text, `code points from ${from}`);
    }
  });

  it('gives back any text, in a value that a header may have', () => {
    const property = fc.property(
      fc.string({ unit: fc.oneof(fc.constantFrom(' ', '%', 'a', 'ü'), fc.string()) }),
      (text) => {
        const encoded = percentEncode(text);
        assert.match(encoded, LEGAL_VALUE);
        assert.equal(percentDecode(encoded), text);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('escapes a space at either end, which a header value must not have', () => {
    assert.equal(percentEncode(' a b '), '%20a b%20');
    assert.equal(percentEncode(' '), '%20');
    assert.equal(percentEncode('  '), '%20%20');
    assert.equal(percentEncode(' ü '), '%20%C3%BC%20');
  });

  it('sends half a surrogate pair as the replacement character', () => {
    assert.equal(percentDecode(percentEncode('a\ud83d!')), 'a\ufffd!');
    assert.equal(percentDecode(percentEncode('\udea2')), '\ufffd');
  });

  it('reads escapes of either case, and leaves what is none', () => {
    assert.equal(percentDecode('%c3%A4'), 'ä');
    for (const text of ['100%', '%', '%%', '%4', '%4g', '%g4', 'a% b', '%-1', '%+1', '% 1', '%0x', '%1.'])
      assert.equal(percentDecode(text), text);
    assert.equal(percentDecode('%25'), '%');
    assert.equal(percentDecode('%2541'), '%41');
    assert.equal(percentDecode('%%41'), '%A');
  });

  it('reads UTF-8 that was not escaped', () => {
    assert.equal(percentDecode(Buffer.from('ä€', 'utf8').toString('latin1')), 'ä€');
    assert.equal(percentDecode(`${Buffer.from('ä', 'utf8').toString('latin1')}%21`), 'ä!');
  });

  it('reads octets that are no UTF-8 as replacement characters', () => {
    assert.equal(percentDecode('%FFa'), '\ufffda');
    assert.equal(percentDecode('%C3'), '\ufffd');
  });

  it('reads any value without throwing, and what has no escape and is ASCII as it is', () => {
    const character = fc.nat({ max: 255 }).map((code) => String.fromCharCode(code));
    const property = fc.property(fc.string({ unit: fc.oneof(character, fc.constantFrom('%', '4', 'f')) }), (text) => {
      const decoded = percentDecode(text);
      if (/^[\x20-\x24\x26-\x7e]*$/.test(text)) assert.equal(decoded, text);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
