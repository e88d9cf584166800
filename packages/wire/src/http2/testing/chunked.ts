import fc from 'fast-check';

/** Where to cut a byte stream: sizes of chunks, used in turn. */
export const chunkSizes: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constantFrom([1], [2], [8], [9], [10], [5000], [65_536]),
  fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40_000 })), {
    minLength: 1,
    maxLength: 8,
  }),
);

/** The bytes in chunks of these sizes, over and over. Each chunk has memory of its own, as those of a socket have. */
export function chunked(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? 1);
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}
