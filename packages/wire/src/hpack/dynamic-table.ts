import type { HeaderField } from './header-field.js';

const FIRST_SLOTS = 16;

/**
 * The dynamic table of one direction of a connection: a queue of entries, newest first, bounded by the sum of their sizes
 * (RFC 7541 2.3.2, 4). Memory is bounded by `capacityBytes`: an entry counts at least 32 bytes, so slots are, too.
 */
export class DynamicTable {
  /** Sum of the sizes of all entries. */
  sizeBytes = 0;
  /** Entries now. */
  count = 0;
  /** Entries ever added. */
  insertions = 0;
  /** A ring; its length is a power of two. */
  private slots: (HeaderField | undefined)[] = emptySlots(FIRST_SLOTS);

  constructor(public capacityBytes: number) {}

  /** The entry that `age` others have followed, undefined beyond the oldest. */
  at(age: number): HeaderField | undefined {
    return age < this.count ? this.slots[(this.insertions - 1 - age) & (this.slots.length - 1)] : undefined;
  }

  /** Adds an entry after evicting the oldest ones it needs room from; one larger than the table empties it (RFC 7541 4.4). */
  add(field: HeaderField): void {
    this.evictTo(this.capacityBytes - field.size);
    if (field.size > this.capacityBytes) return;
    if (this.count === this.slots.length) this.grow();
    this.slots[this.insertions & (this.slots.length - 1)] = field;
    this.insertions = (this.insertions + 1) | 0;
    this.count++;
    this.sizeBytes += field.size;
  }

  /** Changes the capacity, evicting what no longer fits (RFC 7541 4.3). */
  resize(capacityBytes: number): void {
    this.capacityBytes = capacityBytes;
    this.evictTo(capacityBytes);
  }

  private evictTo(bytes: number): void {
    while (this.sizeBytes > bytes && this.count > 0) {
      const slot = (this.insertions - this.count) & (this.slots.length - 1);
      this.sizeBytes -= this.slots[slot]?.size ?? 0;
      this.slots[slot] = undefined;
      this.count--;
    }
  }

  private grow(): void {
    const slots = emptySlots(this.slots.length * 2);
    for (let age = 0; age < this.count; age++) slots[(this.insertions - 1 - age) & (slots.length - 1)] = this.at(age);
    this.slots = slots;
  }
}

/** Filled, as an array with holes is slower to read. */
function emptySlots(count: number): (HeaderField | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
