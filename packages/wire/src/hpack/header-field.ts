import { nameIdOf } from './known-names.js';

/** What each entry of a table counts on top of its octets (RFC 7541 4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;

/**
 * A name-value pair as kept in tables. One character is one octet (latin1), names are lower-case.
 * Make one per pair and keep it: encoders look a pair up again for each object they have not met.
 */
export class HeaderField {
  /** As tables and header lists count it: octets of name and value, plus 32 (RFC 7541 4.1, RFC 9113 6.5.2). */
  readonly size: number;
  /**
   * For whoever decodes: what it made of this pair. Lives as long as the table entry; the 61 static entries are shared by
   * all connections, so it must follow from name and value alone.
   */
  memo: unknown;

  /**
   * @param sensitive never put into a table, here or at a proxy (RFC 7541 7.1.3)
   * @param nameId the name's number in `NAME`, where it is known already
   */
  constructor(
    readonly name: string,
    readonly value: string,
    readonly sensitive = false,
    readonly nameId: number = nameIdOf(name),
  ) {
    this.size = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.memo = undefined;
  }
}
