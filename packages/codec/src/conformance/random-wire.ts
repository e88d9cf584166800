import type { Random } from './random.js';

/** A field number together with a wire type, as it stands before a value. */
export type Tag = number;

const VARINT = 0;
const BIT64 = 1;
const TEXT = 2;
const GROUP = 3;
const END_GROUP = 4;
const BIT32 = 5;

const PIECES: readonly [string, ...string[]] = ['a', 'Zq', ' ', 'ß', 'é', '語', '😀', '\0', '\ufeff', '__proto__'];
/** Around every length at which the length of the length changes, or the way of reading and writing. */
const LENGTHS: readonly [number, ...number[]] = [0, 1, 2, 3, 7, 8, 11, 12, 13, 30, 36, 37, 40, 126, 127, 128, 129, 300];
const DEEPEST = 4;

/**
 * A message as it might come over the wire: fields of all wire types, most of them with a tag out of `tags`, some unknown, some
 * cut off or broken. Messages within may have any small field number.
 */
export function randomWire(random: Random, tags: readonly Tag[], depth = 0): Buffer {
  const parts: Buffer[] = [];
  for (let count = random.below(depth === 0 ? 12 : 4); count > 0; count--) {
    const known = tags[random.below(Math.max(1, tags.length))];
    const tag = known !== undefined && random.chance(96) ? known : random.below(25 * 8) + 8;
    parts.push(varint(BigInt(tag)), randomValue(random, tag, depth));
  }
  return Buffer.concat(parts);
}

/** The same bytes with a few of them changed, taken away, put in, or cut off. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let count = random.below(3) + 1; count > 0; count--) {
    const at = random.below(result.length + 1);
    const rest = result.subarray(at);
    const how = random.below(4);
    if (how === 0 && at < result.length) result[at] = random.pick([0, 0x7f, 0x80, 0xff, random.below(256)]);
    else if (how === 1) result = Buffer.concat([result.subarray(0, at), rest.subarray(1)]);
    else if (how === 2) result = Buffer.concat([result.subarray(0, at), random.bytes(1), rest]);
    else if (how === 3) result = Buffer.from(result.subarray(0, at));
  }
  return result;
}

function randomValue(random: Random, tag: Tag, depth: number): Buffer {
  switch (tag & 7) {
    case VARINT:
      return randomVarint(random);
    case BIT64:
      return randomBits(random, 8);
    case BIT32:
      return randomBits(random, 4);
    case TEXT: {
      const content = randomContent(random, depth);
      const length = random.chance(1) ? random.pick([2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) : content.length;
      return Buffer.concat([varint(BigInt(length)), content]);
    }
    case GROUP: {
      const end = varint(BigInt(random.chance(95) ? tag - GROUP + END_GROUP : tag + 9));
      return depth >= DEEPEST ? end : Buffer.concat([randomWire(random, [], depth + 1), end]);
    }
    default:
      return Buffer.alloc(0);
  }
}

/** What follows a length: a message, text, a packed list, anything. */
function randomContent(random: Random, depth: number): Buffer {
  const kind = random.below(10);
  if (kind < 4 && depth < DEEPEST) return randomWire(random, [], depth + 1);
  if (kind < 7) return Buffer.from(randomText(random));
  if (kind === 7) return Buffer.concat(Array.from({ length: random.below(20) }, () => randomVarint(random)));
  if (kind === 8) return Buffer.concat(Array.from({ length: random.below(12) }, () => randomBits(random, 8)));
  return random.bytes(random.below(40));
}

function randomText(random: Random): string {
  const wanted = random.pick(LENGTHS);
  if (random.chance(60)) return 'x'.repeat(wanted);
  let text = '';
  while (text.length < wanted) text += random.pick(PIECES);
  return text;
}

function randomVarint(random: Random): Buffer {
  const bits = BigInt(random.pick([0, 1, 6, 7, 8, 14, 21, 28, 31, 32, 33, 52, 53, 54, 62, 63, 64]));
  const value = (1n << bits) + BigInt(random.below(3) - 1);
  const bytes = varint(BigInt.asUintN(64, random.chance(25) ? -value : value));
  if (!random.chance(2)) return bytes;
  // Longer than it need be, perhaps longer than is allowed.
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) | 0x80;
  return Buffer.concat([bytes, Buffer.alloc(random.below(4), 0x80), Buffer.from([random.below(2)])]);
}

/** Bits of a number. Of NaN only the common one: no engine promises to keep the bits of another. */
function randomBits(random: Random, length: 4 | 8): Buffer {
  const bytes = Buffer.alloc(length);
  const number = random.pick([0, -0, 1, -1.5, 1e30, 1e-30, Infinity, -Infinity, NaN, 0.1]);
  if (random.chance(70)) {
    if (length === 8) bytes.writeDoubleLE(number);
    else bytes.writeFloatLE(number);
  } else {
    random.bytes(length).copy(bytes);
    if (length === 8 ? Number.isNaN(bytes.readDoubleLE()) : Number.isNaN(bytes.readFloatLE())) bytes.fill(0x3f);
  }
  return bytes;
}

/** The bytes of a varint without sign. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
