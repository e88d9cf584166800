import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JsonSplitter } from './json-splitter.js';

const split = (...chunks: readonly string[]): readonly string[] => {
  const splitter = new JsonSplitter('input');
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()].map(({ text }) => text);
};

describe('JsonSplitter', () => {
  it('finds values on lines, behind each other, over several lines, and in an array', () => {
    assert.deepEqual(split('{"a":1}\n{"b":[2]}\n'), ['{"a":1}', '{"b":[2]}']);
    assert.deepEqual(split('{"a":1}{"b":2}'), ['{"a":1}', '{"b":2}']);
    assert.deepEqual(split('{\n "a": {}\n}'), ['{\n "a": {}\n}']);
    assert.deepEqual(split('[{"a":1}, {"b":2}]\n'), ['{"a":1}', '{"b":2}']);
    assert.deepEqual(split('[1,"x",true]'), ['1', '"x"', 'true']);
    assert.deepEqual(split('"a""b"'), ['"a"', '"b"']);
    assert.deepEqual(split('', ' \n', '[]'), []);
  });

  it('is not misled by brackets and quotes in texts', () => {
    assert.deepEqual(split('{"a":"}\\"{["}{"b":2}'), ['{"a":"}\\"{["}', '{"b":2}']);
  });

  it('gives a value out as soon as its last character is there', () => {
    const splitter = new JsonSplitter('input');
    assert.deepEqual([...splitter.push('{"a":')], []);
    assert.deepEqual([...splitter.push('1}')], [{ text: '{"a":1}', line: 1 }]);
  });

  it('knows the line that a value begins on', () => {
    assert.deepEqual(
      [...new JsonSplitter('input').push('{}\n\n{\n}{}')].map(({ line }) => line),
      [1, 3, 4],
    );
  });

  it('refuses what has no end, and what stands behind an array', () => {
    assert.throws(
      () => split('{"a":1}\n{"b":'),
      /^CliError: input is no JSON: the value that begins in line 2 has no end$/,
    );
    assert.throws(() => split('[{}'), /the array has no end/);
    assert.throws(() => split('[{}]\n{}'), /there is something behind the array in line 2/);
  });

  it('finds the same values however the text is cut into chunks', () => {
    const value = fc.jsonValue().map((one) => JSON.stringify({ one }));
    fc.assert(
      fc.property(fc.array(value), fc.boolean(), fc.array(fc.nat()), (values, asArray, cuts) => {
        const text = asArray ? `[${values.join(',')}]` : values.join('\n');
        const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b);
        const chunks = [...places, text.length].map((place, index) => text.slice(places[index - 1] ?? 0, place));
        assert.deepEqual(split(...chunks), values);
      }),
    );
  });
});
