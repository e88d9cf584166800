/**
 * The last answer per key: at most `maxEntries`, of which the least recently used goes first, each good for `maxAgeMs`
 * after it was put. Holds no clock.
 */
export class StaleCache<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly putAt: number }>();

  constructor(
    private readonly maxEntries: number,
    private readonly maxAgeMs: number,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  put(key: string, value: T, now: number): void {
    this.entries.delete(key);
    this.entries.set(key, { value, putAt: now });
    if (this.entries.size <= this.maxEntries) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  /** The answer, wrapped since it may be undefined; undefined when there is none or it is too old. */
  get(key: string, now: number): { readonly value: T } | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    if (now - entry.putAt > this.maxAgeMs) return undefined;
    this.entries.set(key, entry);
    return entry;
  }
}
