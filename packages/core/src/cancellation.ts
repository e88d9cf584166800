import type { Status } from './status.js';

type Listener = (status: Status) => void;

/**
 * Fires at most once, when the call is cancelled or its deadline passes. Not an AbortSignal: that costs microseconds
 * per call and is made at the edge only when user code asks for one.
 * A listener added after the firing runs at once; one removed before its turn is not called. It must not throw. Whoever
 * adds one removes it when its work is done.
 */
export class Cancellation {
  private fired: Status | undefined = undefined;
  /** Most calls have one listener at a time: a list is made for the second. */
  private first: Listener | undefined = undefined;
  /** An empty place is a listener removed while the others were being called. */
  private others: (Listener | undefined)[] | undefined = undefined;

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
    const { first, others } = this;
    this.first = undefined;
    first?.(status);
    if (others === undefined) return;
    for (const listener of others) listener?.(status);
    this.others = undefined;
  }

  onCancel(listener: Listener): void {
    if (this.fired !== undefined) listener(this.fired);
    else if (this.others !== undefined) this.others.push(listener);
    else if (this.first === undefined) this.first = listener;
    else this.others = [listener];
  }

  removeListener(listener: Listener): void {
    if (this.first === listener) {
      this.first = undefined;
      return;
    }
    const { others } = this;
    const index = others?.indexOf(listener) ?? -1;
    if (others === undefined || index < 0) return;
    if (this.fired !== undefined) others[index] = undefined;
    else if (others.length > 1) others.splice(index, 1);
    else this.others = undefined;
  }

  /** How many listeners wait; for leak tests. */
  get listenerCount(): number {
    const others = this.others?.filter((listener) => listener !== undefined).length ?? 0;
    return others + (this.first === undefined ? 0 : 1);
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
