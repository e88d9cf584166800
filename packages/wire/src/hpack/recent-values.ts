/** Powers of two. */
const SLOTS = 16;
const SLOT_BYTES = 64;

/**
 * The last few strings that came as text, found by their bytes on the wire: comparing 20 bytes costs a fifth of decoding
 * them, and a string that was there before has been hashed before. Bounded: 16 strings of at most 64 bytes.
 */
export class RecentValues {
  private readonly texts: string[] = Array.from({ length: SLOTS }, () => '');
  private readonly lengths = new Uint8Array(SLOTS);
  private readonly known = new Uint8Array(SLOTS * SLOT_BYTES);

  /** The string that bytes [start, end) meant when they were here, undefined when they were not, or not lately. */
  get(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    const slot = slotOf(bytes, start, end);
    if (length === 0 || this.lengths[slot] !== length) return undefined;
    const { known } = this;
    const first = slot * SLOT_BYTES;
    for (let i = 0; i < length; i++) if (known[first + i] !== bytes[start + i]) return undefined;
    return this.texts[slot];
  }

  /** Remembers a string, unless its bytes are many, in the place of one with the same few bits. */
  set(bytes: Uint8Array, start: number, end: number, text: string): void {
    const length = end - start;
    if (length > SLOT_BYTES) return;
    const slot = slotOf(bytes, start, end);
    this.known.set(bytes.subarray(start, end), slot * SLOT_BYTES);
    this.lengths[slot] = length;
    this.texts[slot] = text;
  }
}

/** Paths differ in their ends rather than in their beginnings. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const last = end - start < 3 ? 0 : ((bytes[end - 3] ?? 0) ^ ((bytes[end - 2] ?? 0) * 5)) + (bytes[end - 1] ?? 0) * 3;
  return (last + (end - start)) & (SLOTS - 1);
}
