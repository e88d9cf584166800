import type { RegistrationState } from './registry.js';

/** Keeps the state of one registration and tells listeners of changes: the part that registries share. */
export class RegistrationStates {
  private listeners: readonly ((state: RegistrationState) => void)[] = [];

  constructor(public current: RegistrationState) {}

  /** Changes the state. Repeating a state without content (`registered`, `deregistered`) tells nobody. */
  set(state: RegistrationState): void {
    if (state.kind === this.current.kind && state.kind !== 'retrying') return;
    this.current = Object.freeze(state);
    for (const listener of this.listeners) listener(state);
  }

  /** See `Registration.onState`. */
  subscribe(listener: (state: RegistrationState) => void): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }
}
