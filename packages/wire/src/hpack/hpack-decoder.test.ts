import assert from 'node:assert/strict';
import { HeaderField } from './header-field.js';
import { HpackDecoder } from './hpack-decoder.js';
import { HpackError } from './hpack-error.js';
import { NAME } from './known-names.js';
import { collect, collectPairs } from './testing/collect.js';

const block = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
/** Puts `a: <value>` into the table. */
const insert = (value: string): string =>
  `40 01 61 ${value.length.toString(16).padStart(2, '0')} ${Buffer.from(value).toString('hex')}`;

describe('HpackDecoder', () => {
  it('refuses what breaks RFC 7541, and says what does', () => {
    for (const [hex, message] of [
      ['80', /there is no table entry 0/],
      ['be', /there is no table entry 62/],
      ['ff 80 ff ff ff 07', /there is no table entry 2147483647/],
      ['7e 01 61', /there is no table entry 62/],
      ['0f 2f 01 61', /there is no table entry 62/],
      ['1f 2f 01 61', /there is no table entry 62/],
      ['ff', /ends within a field/],
      ['ff 80', /ends within a field/],
      ['ff ff ff ff ff 7f', /an integer is too large/],
      ['ff 80 80 80 80 80 00', /an integer is too large/],
      ['40', /ends within a field/],
      ['40 01', /longer than the header block/],
      ['40 01 61', /ends within a field/],
      ['40 01 61 02 61', /longer than the header block/],
      ['00 7f 80 ff ff ff 07 61', /longer than the header block/],
      ['04 81 ff', /not padded/],
      ['04 84 ff ff ff ff', /EOS/],
      ['3f e2 1f', /update to 4097 is over the 4096/],
      ['82 20', /stands behind a field/],
      ['20 82 20', /stands behind a field/],
      ['3f', /ends within a field/],
    ] as const) {
      assert.throws(
        () => collect(new HpackDecoder(), block(hex)),
        (error) => error instanceof HpackError && error.name === 'HpackError' && message.test(error.message),
        hex,
      );
    }
  });

  it('never says a value in an error', () => {
    assert.throws(
      () =>
        collect(
          new HpackDecoder(),
          Buffer.concat([block('10 08'), Buffer.from('password'), block('87 ff ff ff ff ff ff ff')]),
        ),
      (error) => error instanceof HpackError && !error.message.includes('password'),
    );
  });

  it('takes an empty block, and one of size updates alone', () => {
    const decoder = new HpackDecoder();
    assert.deepEqual(collect(decoder, block('')), []);
    assert.deepEqual(collect(decoder, block('20 3f e1 1f 3f 45 20')), []);
  });

  it('follows several size updates at the start of a block, each in turn', () => {
    const decoder = new HpackDecoder();
    collect(decoder, block(insert('1') + insert('2')));
    assert.deepEqual(collectPairs(decoder, block('3f 03 be')), [['a', '2']]);
    assert.throws(() => collect(decoder, block('bf')), HpackError);
    collect(decoder, block(insert('3')));
    assert.throws(() => collect(decoder, block('20 3f e1 1f be')), /no table entry 62/);
  });

  it('takes no larger table than it was made for, and starts with none larger than 4096', () => {
    const small = new HpackDecoder(64);
    assert.throws(() => collect(small, block('3f 22')), /update to 65 is over the 64/);
    const large = new HpackDecoder(10_000);
    const entry = insert('v'.repeat(100));
    // 133 bytes each: 30 fit into 4096.
    for (let i = 0; i < 40; i++) collect(large, block(entry));
    assert.equal(collect(large, Buffer.from([0x80 | 91])).length, 1);
    assert.throws(() => collect(large, Buffer.from([0x80 | 92])), HpackError);
    collect(large, block('3f f1 4d'));
    for (let i = 0; i < 60; i++) collect(large, block(entry));
    assert.equal(collect(large, block('ff 09')).length, 1);
  });

  it('hands out one and the same entry, with its memo, as long as it is in the table', () => {
    const decoder = new HpackDecoder(64);
    const seen: (HeaderField | undefined)[] = [];
    const decode = (hex: string): void => {
      const bytes = block(hex);
      decoder.decode(bytes, 0, bytes.length, { onHeader: (_id, _name, _value, field) => seen.push(field) });
    };
    decode(`${insert('1')} be be 83 83`);
    const [literal, first, again, post, postAgain] = seen;
    assert.equal(literal, undefined);
    assert.ok(first instanceof HeaderField && post instanceof HeaderField);
    assert.equal(first.memo, undefined);
    first.memo = 'kept';
    assert.deepEqual([again?.memo, again === first, post === postAgain, post.value], ['kept', true, true, 'POST']);
    decode(`${insert('2')} ${insert('1')} be`);
    assert.notEqual(seen.at(-1), first);
    assert.equal(seen.at(-1)?.memo, undefined);
  });

  it('numbers known names, whether they come from a table or as text', () => {
    const ids: number[] = [];
    const literal = (name: string): Buffer =>
      Buffer.concat([Buffer.from([0x40, name.length]), Buffer.from(name), Buffer.from([0x01, 0x78, 0xbe])]);
    const bytes = Buffer.concat([
      ...['grpc-timeout', ':path', ':new', 'connection', 'keep-alive', 'x-mine', '', 'toString'].map(literal),
      block('83 01 01 61 0f 30 01 61'),
    ]);
    new HpackDecoder().decode(bytes, 0, bytes.length, { onHeader: (id) => ids.push(id) });
    const twice = [NAME.grpcTimeout, NAME.path, NAME.otherPseudo, NAME.forbidden, NAME.forbidden, 0, 0, 0];
    assert.deepEqual(ids, [...twice.flatMap((id) => [id, id]), NAME.method, NAME.authority, 0]);
  });

  it('keeps its table right when the sink does not look', () => {
    const decoder = new HpackDecoder();
    const bytes = block(`${insert('1')} 10 01 62 01 63 ${insert('2')} 00 01 62 01 63`);
    decoder.decode(bytes, 0, bytes.length, { onHeader: () => undefined });
    assert.deepEqual(collectPairs(decoder, block('be bf')), [
      ['a', '2'],
      ['a', '1'],
    ]);
    assert.throws(() => collect(decoder, block('c0')), HpackError);
  });

  it('passes on what the sink throws', () => {
    const stop = new Error('enough');
    assert.throws(
      () =>
        new HpackDecoder().decode(block('82'), 0, 1, {
          onHeader: () => {
            throw stop;
          },
        }),
      (error) => error === stop,
    );
  });

  it('refuses places outside the bytes before it reads any', () => {
    for (const [start, end] of [
      [0, 3],
      [-1, 1],
      [2, 1],
      [0, Number.NaN],
    ] as const) {
      assert.throws(
        () => new HpackDecoder().decode(block('82 82'), start, end, { onHeader: () => assert.fail() }),
        RangeError,
      );
    }
  });
});
