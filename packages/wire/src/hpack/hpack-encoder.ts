import type { ByteSink } from '@breakwater/codec';
import { GroupCache } from './group-cache.js';
import { HeaderField } from './header-field.js';
import type { HeaderGroup } from './header-group.js';
import { nameIdOf } from './known-names.js';
import { isNeverIndexed } from './never-indexed.js';
import { FIELD_OVERHEAD_BYTES, writeInteger, writeRaw, writeShortest } from './octet-writer.js';
import { SentTable } from './sent-table.js';
import { staticIndex, staticNameIndex } from './static-table.js';

/** Where SETTINGS_HEADER_TABLE_SIZE starts (RFC 9113 6.5.2), and the most that we make use of. */
const MOST_TABLE_BYTES = 4096;
/** Entries made for the sake of their name take no more than this part of the table, nor than this each. */
const LEARNED_PART = 1 / 4;
const MOST_LEARNED_BYTES = 192;

/**
 * Encodes the header blocks of one direction of a connection (RFC 7541), which have to be sent in the order they are made.
 *
 * What recurs is put into the dynamic table at first use, while there is room; nothing is evicted for it. So the table comes
 * to rest soon, and a group of fields is a copy of the bytes it was before.
 *
 * Names and values are latin1: of each character the low octet is sent. Names have to be lower-case.
 */
export class HpackEncoder {
  private readonly table = new SentTable(MOST_TABLE_BYTES);
  private readonly groups = new GroupCache();
  /** Capacity that the next block has to announce, and the lowest since the last one. */
  private nextBytes = MOST_TABLE_BYTES;
  private lowestBytes = MOST_TABLE_BYTES;
  private learnedBytes = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, once its SETTINGS are acknowledged; 4096 before. More than 4096 is not used. */
  setPeerTableSize(bytes: number): void {
    this.nextBytes = Math.min(bytes, MOST_TABLE_BYTES);
    this.lowestBytes = Math.min(this.lowestBytes, this.nextBytes);
  }

  /** Starts a header block: to be called before its first field. Announces changes of the table (RFC 7541 4.2). */
  begin(sink: ByteSink): void {
    const before = this.table.capacityBytes;
    // The lowest is never above `before`, which it starts from.
    if (this.lowestBytes === before && this.nextBytes === before) return;
    if (this.lowestBytes < Math.min(before, this.nextBytes)) this.resize(this.lowestBytes, sink);
    this.resize(this.nextBytes, sink);
    this.lowestBytes = this.nextBytes;
    this.learnedBytes = 0;
  }

  private resize(bytes: number, sink: ByteSink): void {
    sink.reserve(FIELD_OVERHEAD_BYTES);
    sink.pos = writeInteger(sink.bytes, sink.pos, 0x20, 0x1f, bytes);
    this.table.resize(bytes);
  }

  /** Fields that recur together. They are encoded as by `field`. */
  group(group: HeaderGroup, sink: ByteSink): void {
    const { version } = this.table;
    const known = this.groups.get(group, version);
    if (known !== undefined) {
      copy(known, sink);
      return;
    }
    const start = sink.pos;
    for (const field of group.fields) this.field(field, sink);
    // Bytes that filled the table are not those to send next time.
    if (this.table.version === version) this.groups.set(group, version, sink.bytes.subarray(start, sink.pos));
  }

  /**
   * A field that recurs on many calls: an index, once it is in a table. A sensitive one, by itself or by its name
   * (`isNeverIndexed`), goes as never-indexed.
   */
  field(field: HeaderField, sink: ByteSink): void {
    const { name, value } = field;
    sink.reserve(name.length + value.length + FIELD_OVERHEAD_BYTES);
    // A pair in our table is no secret by its name.
    const sent = field.sensitive ? 0 : this.table.indexOf(name, value);
    if (sent !== 0) {
      sink.pos = writeInteger(sink.bytes, sink.pos, 0x80, 0x7f, sent);
      return;
    }
    if (field.sensitive || isNeverIndexed(field.nameId, name)) {
      this.writeLiteral(0x10, 0x0f, field, sink);
      return;
    }
    const index = staticIndex(name, value);
    if (index !== 0) {
      sink.pos = writeInteger(sink.bytes, sink.pos, 0x80, 0x7f, index);
    } else if (this.table.hasRoomFor(field.size)) {
      this.writeLiteral(0x40, 0x3f, field, sink);
      this.table.add(field);
    } else {
      this.writeLiteral(0x00, 0x0f, field, sink);
    }
  }

  private writeLiteral(flags: number, mask: number, { name, value }: HeaderField, sink: ByteSink): void {
    const { bytes } = sink;
    const nameIndex = staticNameIndex(name) || this.table.nameIndexOf(name);
    let pos = writeInteger(bytes, sink.pos, flags, mask, nameIndex);
    if (nameIndex === 0) pos = writeShortest(bytes, pos, name);
    sink.pos = writeShortest(bytes, pos, value);
  }

  /**
   * A field whose value differs from call to call: the value as it is, the name as an index. A name that no table has yet is
   * put into ours with its first value, unless it tells of a secret (`isNeverIndexed`): such fields go as never-indexed.
   */
  literal(name: string, value: string, sink: ByteSink): void {
    sink.reserve(name.length + value.length + FIELD_OVERHEAD_BYTES);
    let index = this.table.nameIndexOf(name);
    let flags = 0x00;
    // A name in our table is that of no secret.
    if (index === 0) {
      const nameId = nameIdOf(name);
      index = staticNameIndex(name);
      if (isNeverIndexed(nameId, name)) flags = 0x10;
      else if (index === 0 && this.learn(name, value, nameId, sink)) return;
    }
    const { bytes } = sink;
    let pos = writeInteger(bytes, sink.pos, flags, 0x0f, index);
    if (index === 0) pos = writeRaw(bytes, pos, name);
    sink.pos = writeRaw(bytes, pos, value);
  }

  private learn(name: string, value: string, nameId: number, sink: ByteSink): boolean {
    const field = new HeaderField(name, value, false, nameId);
    const learnedBytes = this.learnedBytes + field.size;
    if (field.size > MOST_LEARNED_BYTES || learnedBytes > this.table.capacityBytes * LEARNED_PART) return false;
    if (!this.table.hasRoomFor(field.size)) return false;
    this.learnedBytes = learnedBytes;
    this.writeLiteral(0x40, 0x3f, field, sink);
    this.table.add(field);
    return true;
  }
}

/** Up to here a loop costs less than a call of `set`. */
const LOOP_MAX = 24;

function copy(from: Uint8Array, sink: ByteSink): void {
  const { length } = from;
  sink.reserve(length);
  const { bytes, pos } = sink;
  if (length > LOOP_MAX) bytes.set(from, pos);
  else for (let i = 0; i < length; i++) bytes[pos + i] = from[i] ?? 0;
  sink.pos = pos + length;
}
