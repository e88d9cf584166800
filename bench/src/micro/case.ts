/** Something so small that it is measured in nanoseconds. */
export interface Case {
  readonly name: string;
  /** Does it `count` times, one after the other. */
  batch(count: number): void | Promise<void>;
}

/** A case of something that ends at once. What `op` returns is kept from being optimised away. */
export const syncCase = (name: string, op: (index: number) => unknown): Case => ({
  name,
  batch: (count) => {
    for (let index = 0; index < count; index += 1) keep(op(index));
  },
});

/** A case of something that is awaited. */
export const asyncCase = (name: string, op: () => Promise<unknown>): Case => ({
  name,
  batch: async (count) => {
    for (let index = 0; index < count; index += 1) keep(await op());
  },
});

let kept: unknown;

function keep(value: unknown): void {
  kept = value;
}

/** What was kept last. Read by nobody, but the compiler cannot know. */
export const lastKept = (): unknown => kept;

const TEXT = new Uint8Array(
  Buffer.from('what everything else is compared with: arithmetic and reads, always the same'),
);

/**
 * The unit of all ratios: some arithmetic over 76 bytes, and nothing for the garbage collector. It shares no code with the
 * cases, so that it is compiled in the same way whatever ran before it.
 */
export const REFERENCE_CASE: Case = {
  name: 'reference loop',
  batch: (count) => {
    let hash = 2_166_136_261 | 0;
    for (let index = 0; index < count; index += 1)
      for (let at = 0; at < TEXT.length; at += 1) hash = Math.imul(hash ^ (TEXT[at] as number), 16_777_619);
    referenceHash = hash;
  },
};

let referenceHash = 0;

/** So that the loop is not optimised away. */
export const lastReferenceHash = (): number => referenceHash;
