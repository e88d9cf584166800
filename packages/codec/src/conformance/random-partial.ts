import type { Random } from './random.js';

const WRONG: readonly [unknown, ...unknown[]] = [
  null,
  '',
  '7',
  '-1',
  'x',
  2 ** 31,
  -1,
  1.5,
  NaN,
  2n ** 64n,
  true,
  [],
  {},
  new Map(),
];

/**
 * The same message as a caller might write it: fields left out, undefined or null, text or numbers where a bigint belongs,
 * another kind of bytes, unknown fields, getters; now and then something that is plainly wrong.
 */
export function randomPartial(random: Random, value: unknown): unknown {
  if (random.chance(1)) return random.pick(WRONG);
  if (typeof value === 'bigint') return random.pick([value, value, String(value), Number(value)]);
  if (value instanceof Uint8Array) return random.chance(70) ? value : new Uint8Array(value);
  if (Array.isArray(value)) return value.map((item: unknown) => randomPartial(random, item));
  if (value instanceof Map)
    return new Map([...value].map(([key, item]: [unknown, unknown]) => [key, randomField(random, item)]));
  if (typeof value !== 'object' || value === null) return value;
  const partial: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '$case') partial[key] = item;
    else if (!random.chance(15)) partial[key] = randomField(random, item);
  }
  if (random.chance(5)) partial['surplus'] = { unknown: true };
  return random.chance(10) ? behindGetters(partial) : partial;
}

function randomField(random: Random, value: unknown): unknown {
  if (random.chance(5)) return undefined;
  return random.chance(3) ? null : randomPartial(random, value);
}

/** An object of a class that computes its fields. */
function behindGetters(fields: Readonly<Record<string, unknown>>): object {
  const getters = Object.entries(fields).map(([key, value]) => [key, { enumerable: true, get: () => value }] as const);
  return Object.create(Object.defineProperties({}, Object.fromEntries(getters))) as object;
}
