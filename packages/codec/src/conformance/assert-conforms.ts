import assert from 'node:assert/strict';
import type { CodecType } from '../codec-type.js';
import { GrowingSink } from '../growing-sink.js';
import { MessageCodec } from '../message-codec.js';
import { attempt } from './attempt.js';
import { knownTags } from './known-tags.js';
import { randomPartial } from './random-partial.js';
import { damaged, randomWire } from './random-wire.js';
import { Random } from './random.js';

export interface ConformanceOptions {
  /** How many random messages; default 200. Each is decoded, encoded, thinned out and damaged. */
  readonly runs?: number;
  /** Which random messages; default 1. */
  readonly seed?: number;
  /** Field numbers up to here are looked for; default 100. */
  readonly fieldsUpTo?: number;
}

/**
 * Proves on random messages, right and wrong ones, that a codec does with a type of yours just what the type does by itself:
 * the same bytes, the same messages, the same errors. For a test of your own generated code.
 *
 * @throws AssertionError with the run and what differs; also when the type is not served by the fast writer and reader
 */
export function assertConforms<T, P>(name: string, type: CodecType<T, P>, options: ConformanceOptions = {}): void {
  const { runs = 200, seed = 1, fieldsUpTo = 100 } = options;
  const random = new Random(seed);
  // From here on it does not matter what the type is a type of.
  const untyped = type as CodecType;
  const pair = new Pair(untyped, new MessageCodec(untyped));
  const tags = knownTags(untyped, fieldsUpTo);
  for (let run = 0; run < runs; run++) {
    try {
      const bytes = randomWire(random, tags);
      const message = pair.decode(random, bytes);
      const written = pair.encode(message ?? {});
      for (let count = 0; count < 3; count++) pair.encode(randomPartial(random, message ?? {}));
      for (let count = 0; count < 3; count++) pair.decode(random, damaged(random, written ?? bytes));
    } catch (error) {
      if (error instanceof Error) error.message = `${name}, run ${run} of seed ${seed}: ${error.message}`;
      throw error;
    }
  }
  assert.ok(pair.isFast(), `${name} is not served by the fast writer and reader: see "One copy" in the README`);
}

/** A type and its codec, given the same to do. */
class Pair {
  constructor(
    private readonly type: CodecType,
    private readonly codec: MessageCodec,
  ) {}

  /** Undefined when both refuse. */
  decode(random: Random, bytes: Buffer): unknown {
    const expected = attempt(() => this.type.decode(bytes));
    // In the midst of other bytes, none of which may be taken for the message's.
    const before = random.below(20);
    const memory = Buffer.concat([random.bytes(before), bytes, random.bytes(20)]);
    const actual = attempt(() => this.codec.decode(memory, before, before + bytes.length));
    assert.deepEqual(actual, expected);
    return 'value' in expected ? expected.value : undefined;
  }

  /** Undefined when both refuse. */
  encode(partial: unknown): Buffer | undefined {
    const expected = attempt(() => Buffer.from(this.type.encode(this.type.fromPartial(partial)).finish()));
    const actual = attempt(() => this.codec.encode(partial));
    assert.deepEqual(actual, expected);
    const sink = new GrowingSink(1);
    sink.reserve(3);
    sink.pos = 3;
    const into = attempt(() => {
      this.codec.encodeInto(partial, sink);
      return sink.bytes.subarray(3, sink.pos);
    });
    assert.deepEqual(into, expected);
    if ('value' in expected) return expected.value;
    assert.equal(sink.pos, 3, 'an error leaves the sink where it was');
    return undefined;
  }

  isFast(): boolean {
    return this.codec.isFast;
  }
}
