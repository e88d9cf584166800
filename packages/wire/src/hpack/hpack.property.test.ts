import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HeaderField } from './header-field.js';
import { HeaderGroup } from './header-group.js';
import { HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';
import { HpackError } from './hpack-error.js';
import { isNeverIndexed } from './never-indexed.js';
import { BufferSink } from './testing/buffer-sink.js';
import { collectPairs, type Collected } from './testing/collect.js';
import { ReferenceDecoder } from './testing/reference-decoder.js';

const octet = fc.integer({ min: 0, max: 255 });
const character = octet.map((one) => String.fromCharCode(one));
const name = fc.oneof(
  fc.constantFrom(':path', ':method', 'te', 'grpc-timeout', 'location', 'x-a', 'x-b', 'authorization', 'x-token', ''),
  fc.string({ unit: character, maxLength: 20 }),
);
const value = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('', 'GET', '/', 'a', 'b', 'trailers', '5000m') },
  { weight: 40, arbitrary: fc.string({ unit: character, maxLength: 40 }) },
  { weight: 8, arbitrary: fc.string({ unit: character, minLength: 120, maxLength: 140 }) },
  { weight: 1, arbitrary: fc.constantFrom('a', '~', '\u00ff').map((one) => one.repeat(17_000)) },
);
const field = fc.record({ name, value, sensitive: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) });
const step = fc.oneof(
  fc.record({ kind: fc.constant('field' as const), field }),
  fc.record({
    kind: fc.constant('literal' as const),
    field: fc.record({ name, value, sensitive: fc.constant(false) }),
  }),
  fc.record({ kind: fc.constant('group' as const), group: fc.nat({ max: 4 }) }),
);
/** What happens up to the end of one block: the peer's settings, then the fields. */
const block = fc.record({
  tableSizes: fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(0, 64, 256, 4096, 65_536), { maxLength: 3 }) },
  ),
  steps: fc.array(step, { maxLength: 12 }),
});
const connection = fc.record({
  groups: fc.array(fc.array(field, { maxLength: 5 }), { minLength: 5, maxLength: 5 }),
  blocks: fc.array(block, { minLength: 1, maxLength: 25, size: 'max' }),
});

interface Sent {
  readonly bytes: Buffer;
  readonly fields: Omit<Collected, 'indexed'>[];
}

/** Encodes a connection. */
function encode({
  groups,
  blocks,
}: typeof connection extends fc.Arbitrary<infer Connection> ? Connection : never): Sent[] {
  const made = groups.map(
    (fields) => new HeaderGroup(fields.map((one) => new HeaderField(one.name, one.value, one.sensitive))),
  );
  const encoder = new HpackEncoder();
  return blocks.map(({ tableSizes, steps }) => {
    const sink = new BufferSink();
    const fields: Sent['fields'] = [];
    for (const size of tableSizes) encoder.setPeerTableSize(size);
    encoder.begin(sink);
    for (const one of steps) {
      const group = one.kind === 'group' ? made[one.group] : undefined;
      const added =
        group?.fields ??
        (one.kind === 'group' ? [] : [new HeaderField(one.field.name, one.field.value, one.field.sensitive)]);
      for (const { name: key, value: text, sensitive, nameId } of added) {
        fields.push({ name: key, value: text, sensitive: sensitive || isNeverIndexed(nameId, key) });
      }
      if (group !== undefined) encoder.group(group, sink);
      else if (one.kind === 'literal') encoder.literal(one.field.name, one.field.value, sink);
      else for (const single of added) encoder.field(single, sink);
    }
    return { bytes: sink.take(), fields };
  });
}

interface Decoded {
  readonly fields: Collected[];
  readonly failed: boolean;
}

/** Decodes a block that stands between other bytes. Nothing but an HpackError may stop it. */
function decode(decoder: HpackDecoder, bytes: Uint8Array, around: number): Decoded {
  const fields: Collected[] = [];
  const sink = {
    onHeader: (_id: number, key: string, text: string, entry: HeaderField | undefined, sensitive: boolean): void => {
      fields.push({ name: key, value: text, indexed: entry !== undefined, sensitive });
    },
  };
  const placed = Buffer.concat([Buffer.alloc(9, around), bytes, Buffer.alloc(300, around)]);
  try {
    decoder.decode(placed, 9, 9 + bytes.length, sink);
  } catch (error) {
    assert.ok(error instanceof HpackError, String(error));
    return { fields, failed: true };
  }
  return { fields, failed: false };
}

/** What a decoder has in its table, asked for entry by entry. */
function tableOf(decoder: HpackDecoder): string[][] {
  const table: string[][] = [];
  for (let index = 62; ; index++) {
    try {
      table.push(...collectPairs(decoder, Buffer.from(index < 127 ? [0x80 | index] : [0xff, index - 127])));
    } catch {
      return table;
    }
  }
}

/** Sends blocks to decoders and to the reference until one is broken, comparing all that can be seen of them. */
function compare(blocks: readonly Uint8Array[], maxTableBytes: number): Decoded[] {
  const decoders = [new HpackDecoder(maxTableBytes), new HpackDecoder(maxTableBytes)] as const;
  const reference = new ReferenceDecoder(maxTableBytes);
  const all: Decoded[] = [];
  for (const bytes of blocks) {
    const { fields, error } = reference.decode(bytes);
    all.push({ fields, failed: error !== undefined });
    assert.deepEqual(decode(decoders[0], bytes, 0x00), all.at(-1));
    assert.deepEqual(decode(decoders[1], bytes, 0xff), all.at(-1));
    if (error !== undefined) return all;
  }
  assert.deepEqual(tableOf(decoders[0]), reference.table);
  return all;
}

const corruption = fc.record({
  block: fc.nat(),
  at: fc.nat(),
  how: fc.constantFrom('set', 'insert', 'delete', 'cut'),
  octet: fc.oneof(octet, fc.constantFrom(0x00, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xbe, 0xff)),
});

function corrupt(
  blocks: readonly Buffer[],
  { block: which, at, how, octet: by }: typeof corruption extends fc.Arbitrary<infer C> ? C : never,
): Buffer[] {
  const changed = [...blocks];
  const place = which % blocks.length;
  const bytes = [...(blocks[place] ?? [])];
  const start = at % (bytes.length + 1);
  if (how === 'cut') bytes.length = start;
  else bytes.splice(start, how === 'insert' ? 0 : 1, ...(how === 'delete' ? [] : [by]));
  changed[place] = Buffer.from(bytes);
  return changed;
}

describe('HPACK, from end to end', () => {
  it('gives back what was encoded, over many blocks and changing table sizes', () => {
    fc.assert(
      fc.property(connection, (one) => {
        const sent = encode(one);
        const received = compare(
          sent.map(({ bytes }) => bytes),
          4096,
        );
        assert.deepEqual(
          received.map(({ fields }) =>
            fields.map(({ name: key, value: text, sensitive }) => ({ name: key, value: text, sensitive })),
          ),
          sent.map(({ fields }) => fields),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('decides damaged blocks as the reference does: same fields, same error, or same table', () => {
    fc.assert(
      fc.property(connection, fc.array(corruption, { minLength: 1, maxLength: 3 }), (one, corruptions) => {
        const blocks = encode(one).map(({ bytes }) => bytes);
        compare(corruptions.reduce(corrupt, blocks), 4096);
      }),
      { numRuns: 100 },
    );
  });

  it('decides any bytes as the reference does', () => {
    const telling = fc.constantFrom(0x00, 0x01, 0x10, 0x20, 0x3f, 0x40, 0x41, 0x7f, 0x80, 0x82, 0xbe, 0xbf, 0xff);
    const bytes = fc
      .array(fc.oneof(octet, telling), { maxLength: 40, size: 'max' })
      .map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), fc.constantFrom(0, 64, 256, 4096), (blocks, maxTableBytes) => {
        compare(blocks, maxTableBytes);
      }),
      { numRuns: 1500 },
    );
  });
});
