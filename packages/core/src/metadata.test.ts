import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConfigError } from './config-error.js';
import { Metadata, type MetadataEntry, type MetadataInit } from './metadata.js';

const entries = (metadata: Metadata): MetadataEntry[] => [...metadata];

describe('Metadata', () => {
  it('takes text, bytes and lists, lower-cases keys, and keeps order and duplicates', () => {
    const bytes = new Uint8Array([1, 2]);
    const metadata = Metadata.of({ 'X-Tenant': 'acme', tag: ['a', 'b'], 'trace-bin': bytes });
    assert.deepEqual(entries(metadata), [
      ['x-tenant', 'acme'],
      ['tag', 'a'],
      ['tag', 'b'],
      ['trace-bin', bytes],
    ]);
    assert.equal(metadata.get('tag'), 'a');
    assert.deepEqual(metadata.getAll('tag'), ['a', 'b']);
    assert.equal(metadata.getText('trace-bin'), undefined);
    assert.deepEqual(
      [metadata.size, metadata.has('tag'), metadata.has('TAG'), metadata.get('none')],
      [4, true, false, undefined],
    );
  });

  it('refuses what the protocol cannot carry, naming the key', () => {
    const refused = (init: unknown, pattern: RegExp): void =>
      assert.throws(
        () => Metadata.of(init as MetadataInit),
        (error) => error instanceof ConfigError && pattern.test(error.message),
      );
    refused({ 'a key': 'x' }, /metadata\["a key"\] is "a key", but must be a key of the characters/);
    refused({ '': 'x' }, /metadata\[""\]/);
    refused({ 'grpc-timeout': '1S' }, /reserved for the protocol/);
    refused({ key: 'ümlaut' }, /printable ASCII text; use a key ending in "-bin"/);
    refused({ key: 'line\nbreak' }, /printable ASCII/);
    refused({ key: 5 }, /metadata\["key"\] is 5/);
    refused({ key: ['fine', undefined] }, /metadata\["key"\] is undefined/);
    refused({ 'key-bin': 'text' }, /must be bytes/);
  });

  it('is never changed: every operation gives a new object', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.record({
      kind: fc.constantFrom('with', 'append', 'without', 'merge'),
      key,
      value: fc.constantFrom('1', '2', '3'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        let metadata = Metadata.EMPTY;
        let list: MetadataEntry[] = [];
        for (const { kind, key: one, value } of steps) {
          const before = entries(metadata);
          const old = metadata;
          if (kind === 'with') {
            metadata = metadata.with(one, value);
            list = [...list.filter(([name]) => name !== one), [one, value]];
          } else if (kind === 'append') {
            metadata = metadata.append(one, value);
            list = [...list, [one, value]];
          } else if (kind === 'without') {
            metadata = metadata.without(one);
            list = list.filter(([name]) => name !== one);
          } else {
            metadata = metadata.merge(Metadata.fromEntries([[one, value]]));
            list = [...list, [one, value]];
          }
          assert.deepEqual(entries(old), before);
          assert.deepEqual(entries(metadata), list);
          assert.deepEqual(
            metadata.getAll(one),
            list.filter(([name]) => name === one).map(([, text]) => text),
          );
        }
      }),
    );
  });

  it('has one empty object, so that emptiness is cheap to see', () => {
    assert.equal(Metadata.of({}), Metadata.EMPTY);
    assert.equal(Metadata.fromEntries([]), Metadata.EMPTY);
    const some = Metadata.of({ a: '1' });
    assert.equal(some.without('a'), Metadata.EMPTY);
    assert.equal(some.without('b'), some);
    assert.equal(some.merge(Metadata.EMPTY), some);
    assert.equal(Metadata.EMPTY.merge(some), some);
    assert.equal(Metadata.of(some), some);
  });

  it('reads a lazy source at the first look, once', () => {
    let loads = 0;
    const metadata = Metadata.lazy(() => {
      loads += 1;
      return [['a', '1']];
    });
    assert.equal(loads, 0);
    assert.deepEqual([metadata.get('a'), metadata.size, loads], ['1', 1, 1]);
  });

  it('shows itself as plain data: lists for repeated keys, base64 for bytes, and no key is special', () => {
    const metadata = Metadata.fromEntries([
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['a', '4'],
      ['c-bin', new Uint8Array([255])],
      ['__proto__', 'x'],
    ]);
    assert.equal(JSON.stringify(metadata), '{"a":["1","3","4"],"b":"2","c-bin":"/w==","__proto__":"x"}');
  });
});
