import { DynamicTable } from './dynamic-table.js';
import type { HeaderField } from './header-field.js';
import { STATIC_ENTRIES } from './static-table.js';

/** One name in the table: the insertions that brought it, as counted by the table. */
interface SentName {
  latest: number;
  /** By value. */
  readonly insertions: Map<string, number>;
}

/**
 * The sending end of a dynamic table, with the way from a field to its index. Nothing is evicted to make room: what recurs
 * is sent first and stays, so that indexes hardly ever move. Only the peer makes the table smaller.
 */
export class SentTable {
  /** Changes whenever indexes do. */
  version = 0;
  private readonly table: DynamicTable;
  private readonly names = new Map<string, SentName>();

  constructor(capacityBytes: number) {
    this.table = new DynamicTable(capacityBytes);
  }

  get capacityBytes(): number {
    return this.table.capacityBytes;
  }

  /** Wire index of this very pair, 0 when it is not here. */
  indexOf(name: string, value: string): number {
    const insertion = this.names.get(name)?.insertions.get(value);
    return insertion === undefined ? 0 : this.wireIndex(insertion);
  }

  /** Wire index of the latest entry with this name, 0 when there is none. */
  nameIndexOf(name: string): number {
    const known = this.names.get(name);
    return known === undefined ? 0 : this.wireIndex(known.latest);
  }

  /** Whether an entry fits without an eviction. */
  hasRoomFor(bytes: number): boolean {
    return this.table.sizeBytes + bytes <= this.table.capacityBytes;
  }

  /** Adds a pair that there is room for. */
  add(field: HeaderField): void {
    this.version++;
    this.note(field, this.table.insertions);
    this.table.add(field);
  }

  /** Changes the capacity, evicting the oldest entries if need be. */
  resize(capacityBytes: number): void {
    this.version++;
    this.table.resize(capacityBytes);
    this.names.clear();
    for (let age = this.table.count - 1; age >= 0; age--) {
      const field = this.table.at(age);
      if (field !== undefined) this.note(field, this.table.insertions - 1 - age);
    }
  }

  private note(field: HeaderField, insertion: number): void {
    const known = this.names.get(field.name);
    if (known === undefined) {
      this.names.set(field.name, { latest: insertion, insertions: new Map([[field.value, insertion]]) });
    } else {
      known.latest = insertion;
      known.insertions.set(field.value, insertion);
    }
  }

  private wireIndex(insertion: number): number {
    return STATIC_ENTRIES + this.table.insertions - insertion;
  }
}
