/**
 * A place to write bytes to, filled from `pos` on: a slab of a connection, or a buffer of one's own. Whoever writes calls
 * `reserve` first, reads `bytes` after it, since growing may replace the buffer, and moves `pos` behind what it wrote.
 */
export interface ByteSink {
  bytes: Buffer;
  pos: number;
  /**
   * Makes sure that `byteCount` more bytes fit behind `pos`. What is already written stays at its place: it may be half of a
   * message, and `pos` goes back if the rest fails. What it throws is thrown to whoever writes, a limit on the size for example.
   */
  reserve(byteCount: number): void;
}
