import type { ConnectionState } from '../transport/transport.js';

/** As `ConnectionState`, of a whole channel: `ready` while any endpoint is, `failed` while there is nobody to call. */
export type ChannelState = Exclude<ConnectionState, 'draining'>;

/** Tells listeners that a state has changed, once for what changes within one turn of the microtask queue. */
export class StateWatch {
  private readonly listeners = new Set<() => void>();
  private told: ChannelState;

  constructor(private readonly current: () => ChannelState) {
    this.told = current();
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void {
    // An object of its own: the same function may be added twice.
    const entry = (): void => listener();
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  /** The state may have changed. */
  check(): void {
    if (this.current() === this.told) return;
    queueMicrotask(() => {
      const state = this.current();
      // It may have changed back, or have been told by an earlier check.
      if (state === this.told) return;
      this.told = state;
      for (const listener of this.listeners) listener();
    });
  }
}
