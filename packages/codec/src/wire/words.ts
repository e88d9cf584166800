/**
 * Eight bytes seen as every kind of number: the fastest way in Node between a bigint or a double and its bits. Shared by all
 * writers and readers, so whoever stores here reads before anything else can run.
 */
const SHARED = new ArrayBuffer(8);

export const BIGINT = new BigInt64Array(SHARED);
export const UNSIGNED_BIGINT = new BigUint64Array(SHARED);
export const DOUBLE = new Float64Array(SHARED);
export const FLOAT = new Float32Array(SHARED);
export const WORDS = new Int32Array(SHARED);

/** Which of the two `WORDS` holds the low half; a float lies in the first, whatever the machine. */
export const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
export const HIGH = 1 - LOW;
