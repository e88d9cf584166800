import type { HeaderGroup } from './header-group.js';

/** Groups beyond this many per connection take turns, at the cost of looking their fields up again. */
const SLOTS = 128;
/** Larger encodings are not kept, so that a connection keeps 64 KiB at most. */
const MOST_BYTES = 512;

/** The bytes of one group on one connection. */
export interface EncodedGroup {
  readonly group: HeaderGroup;
  readonly bytes: Uint8Array;
  /** Of the table which they refer to. */
  readonly version: number;
}

/** Remembers how groups were encoded last. Bounded, and found by number. */
export class GroupCache {
  private readonly slots: (EncodedGroup | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

  /** What is known of this group in this version of the table. */
  get(group: HeaderGroup, version: number): Uint8Array | undefined {
    const known = this.slots[group.id & (SLOTS - 1)];
    return known !== undefined && known.group === group && known.version === version ? known.bytes : undefined;
  }

  /** Keeps a copy of the bytes. */
  set(group: HeaderGroup, version: number, bytes: Uint8Array): void {
    if (bytes.length > MOST_BYTES) return;
    // Not `slice`, which gives a view of a Buffer.
    this.slots[group.id & (SLOTS - 1)] = { group, bytes: new Uint8Array(bytes), version };
  }
}
