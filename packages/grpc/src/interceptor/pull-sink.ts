import type { Metadata, ResponseSink } from '@breakwater/core';

/** The application's side of a response stream: messages are taken by `startRead`, one each. */
export interface ResponseListener {
  headers(metadata: Metadata): void;
  message(message: unknown): void;
}

/** Hands messages on as the application asks for them, and holds the sender up in between. */
export class PullSink implements ResponseSink {
  private wanted = 0;
  private pending: { readonly message: unknown } | undefined;
  private release: (() => void) | undefined;
  private emptied: (() => void) | undefined;

  constructor(private readonly listener: ResponseListener) {}

  headers(metadata: Metadata): void {
    this.listener.headers(metadata);
  }

  message(message: unknown): true | Promise<void> {
    if (this.wanted > 0) {
      this.wanted -= 1;
      this.listener.message(message);
      if (this.wanted > 0) return true;
    } else this.pending = { message };
    return new Promise((resolve) => {
      this.release = resolve;
    });
  }

  /** The application wants one more message. */
  pull(): void {
    const { pending } = this;
    if (pending === undefined) {
      this.wanted += 1;
      this.release?.();
      this.release = undefined;
      return;
    }
    this.pending = undefined;
    this.listener.message(pending.message);
    this.emptied?.();
  }

  /** Calls `done` when everything that came has been handed on. */
  whenEmpty(done: () => void): void {
    if (this.pending === undefined) done();
    else this.emptied = done;
  }
}
