import { checkFault, type Direction, type Fault } from './fault.js';

/** A fault that is switched on. */
export interface ActiveFault {
  readonly fault: Fault;
  /** Instant, ms. */
  readonly addedAt: number;
}

/** The faults of a proxy, which may change at any time. */
export class FaultSet {
  private active: readonly ActiveFault[] = [];
  private readonly listeners = new Set<() => void>();

  /** @returns a function that removes it; idempotent @throws ConfigError as `checkFault` does */
  add(fault: Fault, now: number): () => void {
    const entry: ActiveFault = { fault: checkFault(fault), addedAt: now };
    this.change([...this.active, entry]);
    return () => {
      if (this.active.includes(entry)) this.change(this.active.filter((one) => one !== entry));
    };
  }

  clear(): void {
    this.change([]);
  }

  in(direction: Direction): readonly ActiveFault[] {
    return this.active.filter(({ fault }) => (fault.direction ?? 'both') === 'both' || fault.direction === direction);
  }

  /** Calls back after every change. @returns a function that ends it */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private change(active: readonly ActiveFault[]): void {
    this.active = active;
    for (const listener of [...this.listeners]) listener();
  }
}
