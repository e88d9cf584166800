import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './header-field.js';
import type { HeaderSink } from './header-sink.js';
import { HpackError } from './hpack-error.js';
import { NAME, nameIdOf } from './known-names.js';
import { OctetReader } from './octet-reader.js';
import { RecentValues } from './recent-values.js';
import { STATIC_ENTRIES, STATIC_TABLE } from './static-table.js';

/** Where SETTINGS_HEADER_TABLE_SIZE starts (RFC 9113 6.5.2). */
const INITIAL_TABLE_BYTES = 4096;

/**
 * Decodes the header blocks of one direction of a connection, in the order they were sent (RFC 7541). Only the rules of
 * HPACK are checked: what names and values may look like is up to the caller.
 *
 * Memory is bounded by the table and by one block: an indexed field hands out the strings of its table entry.
 */
export class HpackDecoder {
  private readonly table: DynamicTable;
  private readonly reader = new OctetReader();
  private recentPaths: RecentValues | undefined;

  /**
   * @param maxTableBytes what the peer was told as SETTINGS_HEADER_TABLE_SIZE. Less than 4096 suits only a peer that knows it
   * before its first block: until it has read our settings, a peer may fill 4096 bytes.
   */
  constructor(private readonly maxTableBytes = INITIAL_TABLE_BYTES) {
    this.table = new DynamicTable(Math.min(maxTableBytes, INITIAL_TABLE_BYTES));
  }

  /**
   * Decodes bytes [start, end), a complete header block, telling the fields to `sink` as they come.
   *
   * @throws HpackError when the block breaks RFC 7541: fields before that place have been told, and the decoder is of no use
   * @throws RangeError when start and end are not places in `bytes`
   */
  decode(bytes: Uint8Array, start: number, end: number, sink: HeaderSink): void {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`[${start}, ${end}) is not within the ${bytes.length} bytes given`);
    }
    const { reader } = this;
    reader.open(bytes, start, end);
    let updatable = true;
    while (reader.pos < end) {
      const first = reader.octet();
      if (first >= 0x80) {
        const field = this.entry(reader.integer(first, 0x7f));
        sink.onHeader(field.nameId, field.name, field.value, field, false);
      } else if (first >= 0x40) {
        this.literal(reader.integer(first, 0x3f), true, false, sink);
      } else if (first >= 0x20) {
        if (!updatable) throw new HpackError('a table size update stands behind a field');
        this.resize(reader.integer(first, 0x1f));
        continue;
      } else {
        this.literal(reader.integer(first, 0x0f), false, first >= 0x10, sink);
      }
      updatable = false;
    }
    reader.close();
  }

  private entry(index: number): HeaderField {
    const field = index <= STATIC_ENTRIES ? STATIC_TABLE[index] : this.table.at(index - STATIC_ENTRIES - 1);
    if (field === undefined) throw new HpackError(`there is no table entry ${index}`);
    return field;
  }

  private literal(nameIndex: number, indexed: boolean, sensitive: boolean, sink: HeaderSink): void {
    let name: string;
    let nameId: number;
    if (nameIndex === 0) {
      name = this.reader.string();
      nameId = nameIdOf(name);
    } else {
      ({ name, nameId } = this.entry(nameIndex));
    }
    const value = nameId === NAME.path && !indexed && !sensitive ? this.path() : this.reader.string();
    if (indexed) this.table.add(new HeaderField(name, value, false, nameId));
    sink.onHeader(nameId, name, value, undefined, sensitive);
  }

  /** nghttp2, and so every Node client, sends the path as text with each request. */
  private path(): string {
    this.recentPaths ??= new RecentValues();
    return this.reader.recentString(this.recentPaths);
  }

  private resize(bytes: number): void {
    if (bytes > this.maxTableBytes) {
      throw new HpackError(`a table size update to ${bytes} is over the ${this.maxTableBytes} that were allowed`);
    }
    this.table.resize(bytes);
  }
}
