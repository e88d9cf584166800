import type { Status } from './status.js';

type Listener = (status: Status) => void;

/**
 * Fires at most once, when the call is cancelled or its deadline passes. Not an AbortSignal: that costs microseconds
 * per call and is made at the edge only when user code asks for one.
 * A listener added after the firing runs at once. Whoever adds one removes it when its work is done.
 */
export class Cancellation {
  private fired: Status | undefined;
  private listeners: Listener[] | undefined;

  /** Why it fired; undefined while it has not. */
  get status(): Status | undefined {
    return this.fired;
  }

  get cancelled(): boolean {
    return this.fired !== undefined;
  }

  /** Fires; later calls change nothing. */
  cancel(status: Status): void {
    if (this.fired !== undefined) return;
    this.fired = status;
    const listeners = this.listeners;
    this.listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(status);
  }

  onCancel(listener: Listener): void {
    if (this.fired !== undefined) listener(this.fired);
    else if (this.listeners === undefined) this.listeners = [listener];
    else this.listeners.push(listener);
  }

  removeListener(listener: Listener): void {
    const index = this.listeners?.indexOf(listener) ?? -1;
    if (index >= 0) this.listeners?.splice(index, 1);
  }

  /** How many listeners wait; for leak tests. */
  get listenerCount(): number {
    return this.listeners?.length ?? 0;
  }
}

/** A cancellation that follows `parent` until `release()`; cancelling it leaves the parent alone. */
export class ChildCancellation extends Cancellation {
  private readonly follow = (status: Status): void => this.cancel(status);

  constructor(private readonly parent: Cancellation) {
    super();
    parent.onCancel(this.follow);
  }

  /** Stops following. Must be called when the child's work is over, or the parent keeps it alive. */
  release(): void {
    this.parent.removeListener(this.follow);
  }
}
