import type { HeaderField } from './header-field.js';

/**
 * Takes the fields of a header block in order. It may ignore fields, as when a list grows too long: the decoder goes on, so
 * that its table stays in step with the peer's. What it throws passes through `decode`, whose table is unusable then.
 */
export interface HeaderSink {
  /**
   * A field counts `name.length + value.length + 32` towards the size of a header list.
   *
   * @param nameId the name's number in `NAME`, 0 when it has none
   * @param field the table entry, when the block refers to one; undefined for a literal
   * @param sensitive it came as never-indexed, and has to go on as such (RFC 7541 6.2.3)
   */
  onHeader(nameId: number, name: string, value: string, field: HeaderField | undefined, sensitive: boolean): void;
}
