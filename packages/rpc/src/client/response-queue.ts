import type { Failure, Metadata, ResponseSink } from '@breakwater/core';

/** Messages that may wait unread before the sender is held back. */
export const RESPONSE_HIGH_WATER = 16;

/**
 * The caller's end of a response stream: a bounded queue that the leaf fills and the caller's `for await` empties.
 * Messages that came before the end are read first; then `failure` or `defect` tell how it ended.
 */
export class ResponseQueue implements ResponseSink {
  private readonly waiting: unknown[] = [];
  private reader: ((result: IteratorResult<unknown, undefined>) => void) | undefined;
  private resume: (() => void) | undefined;
  private room: Promise<void> | undefined;
  private ended = false;
  private abandoned = false;
  /** How the call failed; undefined while it runs and after a good end. */
  failure: Failure | undefined;
  /** What a policy threw, if one did. */
  defect: Error | undefined;

  constructor(private readonly onHeaders: ((headers: Metadata) => void) | undefined) {}

  headers(metadata: Metadata): void {
    this.onHeaders?.(metadata);
  }

  message(message: unknown): true | Promise<void> {
    if (this.abandoned) return true;
    const reader = this.reader;
    if (reader !== undefined) {
      this.reader = undefined;
      reader({ done: false, value: message });
      return true;
    }
    this.waiting.push(message);
    if (this.waiting.length < RESPONSE_HIGH_WATER) return true;
    this.room ??= new Promise((resolve) => {
      this.resume = resolve;
    });
    return this.room;
  }

  /** The call is over. */
  end(failure: Failure | undefined): void {
    this.failure = failure;
    this.finish();
  }

  /** Something below threw. */
  endWithDefect(defect: Error): void {
    this.defect = defect;
    this.finish();
  }

  /** One reader at a time: the async generator in front of the queue sees to that. */
  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.waiting.length > 0) {
      const value = this.waiting.shift();
      if (this.waiting.length < RESPONSE_HIGH_WATER / 2) this.letGo();
      return Promise.resolve({ done: false, value });
    }
    if (this.ended || this.abandoned) return Promise.resolve(FINISHED);
    return new Promise((resolve) => {
      this.reader = resolve;
    });
  }

  /** The caller reads no more; a read that waits ends. @returns whether the call is still running and should be cancelled */
  abandon(): boolean {
    this.abandoned = true;
    this.waiting.length = 0;
    this.dismissReader();
    this.letGo();
    return !this.ended;
  }

  private finish(): void {
    this.ended = true;
    this.dismissReader();
    this.letGo();
  }

  private dismissReader(): void {
    const reader = this.reader;
    this.reader = undefined;
    reader?.(FINISHED);
  }

  private letGo(): void {
    this.resume?.();
    this.resume = undefined;
    this.room = undefined;
  }
}

const FINISHED: IteratorResult<unknown, undefined> = Object.freeze({ done: true, value: undefined });
