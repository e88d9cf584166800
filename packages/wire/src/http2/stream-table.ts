/** What the table needs of a stream. */
export interface Numbered {
  readonly id: number;
}

const FIRST_SIZE = 16;

/**
 * The open streams of one connection by id. A ring of slots: ids grow by two, so that the slot of an id is found by a
 * mask, and nothing is hashed, linked or moved when streams come and go. A stream that outlives a whole turn of the ring
 * moves to a small map aside.
 *
 * Not a `Map` for all: V8 keeps every outgrown table of one reachable from its successor, and each scavenge then walks the
 * chain of dead calls.
 */
export class StreamTable<S extends Numbered> {
  /** Open streams. */
  size = 0;
  private slots: (S | undefined)[] = emptySlots<S>(FIRST_SIZE);
  private mask = FIRST_SIZE - 1;
  private readonly aside = new Map<number, S>();

  get(id: number): S | undefined {
    const stream = this.slots[(id >>> 1) & this.mask];
    if (stream !== undefined && stream.id === id) return stream;
    return this.aside.size === 0 ? undefined : this.aside.get(id);
  }

  /** @param stream whose id is not in the table */
  add(stream: S): void {
    this.size += 1;
    if (this.size * 2 > this.slots.length) this.widen();
    this.put(stream);
  }

  remove(stream: S): void {
    const slot = (stream.id >>> 1) & this.mask;
    if (this.slots[slot] === stream) this.slots[slot] = undefined;
    else if (!this.aside.delete(stream.id)) return;
    this.size -= 1;
  }

  /** In the order of their ids. */
  toArray(): S[] {
    const open = this.slots.filter((stream) => stream !== undefined);
    return [...open, ...this.aside.values()].toSorted((a, b) => a.id - b.id);
  }

  private put(stream: S): void {
    const slot = (stream.id >>> 1) & this.mask;
    const before = this.slots[slot];
    if (before !== undefined) this.aside.set(before.id, before);
    this.slots[slot] = stream;
  }

  private widen(): void {
    const streams = this.toArray();
    this.slots = emptySlots(this.slots.length * 2);
    this.mask = this.slots.length - 1;
    this.aside.clear();
    for (const stream of streams) this.put(stream);
  }
}

const emptySlots = <S>(count: number): (S | undefined)[] => Array.from({ length: count }, () => undefined);
