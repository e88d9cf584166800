/**
 * A header block that breaks RFC 7541. Both tables are out of step from here on, so the connection has to end with
 * COMPRESSION_ERROR (RFC 9113 4.3). The message says which rule was broken, and never quotes a value.
 */
export class HpackError extends Error {
  override readonly name = 'HpackError';
}
