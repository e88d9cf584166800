/**
 * What the default writer of @bufbuild/protobuf accepts for a number and what it says of anything else. Called only for values
 * that are not plainly right, so it may be slow. Text is accepted, because generated code writes the keys of a `map<int32, ...>`
 * as `Object.entries` gives them.
 */
const UINT32_MAX = 0xffff_ffff;
const INT32_MAX = 0x7fff_ffff;
const INT32_MIN = -0x8000_0000;

/** @throws Error `invalid uint32: ...` */
export function toUint32(value: unknown): number {
  const number = toNumber(value, 'uint32');
  if (Number.isInteger(number) && number >= 0 && number <= UINT32_MAX) return number;
  throw new Error(`invalid uint32: ${number}`);
}

/** @throws Error `invalid int32: ...` */
export function toInt32(value: unknown): number {
  const number = toNumber(value, 'int32');
  if (Number.isInteger(number) && number >= INT32_MIN && number <= INT32_MAX) return number;
  throw new Error(`invalid int32: ${number}`);
}

/** NaN and the infinities are floats; a finite number that only becomes infinite by rounding is not. @throws Error `invalid float32: ...` */
export function toFloat(value: unknown): number {
  const number = toNumber(value, 'float32');
  if (Number.isNaN(number) && typeof value === 'string' && value !== 'NaN')
    throw new Error(`invalid float32: ${value}`);
  if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) throw new Error(`invalid float32: ${number}`);
  return number;
}

/** @throws Error `invalid int64: ...`, or what `BigInt` throws */
export function toInt64(value: string | number | bigint): bigint {
  const integer = typeof value === 'bigint' ? value : BigInt(value);
  if (BigInt.asIntN(64, integer) === integer) return integer;
  throw new Error(`invalid int64: ${value}`);
}

/** @throws Error `invalid uint64: ...`, or what `BigInt` throws */
export function toUint64(value: string | number | bigint): bigint {
  const integer = typeof value === 'bigint' ? value : BigInt(value);
  if (BigInt.asUintN(64, integer) === integer) return integer;
  throw new Error(`invalid uint64: ${value}`);
}

function toNumber(value: unknown, type: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return Number(value);
  throw new Error(`invalid ${type}: ${typeof value}`);
}
