/** Where the messages of a request stream go. */
export interface MessageWriter {
  /** Sends one message; `done` when the next may follow. Not called any more once the call has ended. */
  write(message: unknown, done: () => void): void;
  closeRequests(): void;
  /** The application's source threw. */
  failRequests(error: unknown): void;
}

/**
 * Pulls a request stream: the next message is asked for when the one before has been taken. When the call ends early the
 * source's iterator is closed by `return()`; what it does then, or throws, no longer matters to anybody.
 */
export class RequestPump {
  private iterator: AsyncIterator<unknown> | undefined;
  private stopped = false;
  /** The source has ended or thrown by itself: `return()` is not called then. */
  private exhausted = false;

  constructor(
    private readonly source: AsyncIterable<unknown>,
    private readonly writer: MessageWriter,
  ) {}

  start(): void {
    try {
      this.iterator = this.source[Symbol.asyncIterator]();
    } catch (error) {
      this.onThrow(error);
      return;
    }
    this.pull();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    if (!this.exhausted) closeIterator(this.iterator);
  }

  private readonly pull = (): void => {
    if (this.stopped) return;
    let next: Promise<IteratorResult<unknown>> | undefined;
    try {
      next = this.iterator?.next();
    } catch (error) {
      this.onThrow(error);
      return;
    }
    next?.then(this.onNext, this.onThrow);
  };

  private readonly onNext = (result: IteratorResult<unknown>): void => {
    if (result.done === true) this.exhausted = true;
    if (this.stopped) return;
    if (result.done === true) this.writer.closeRequests();
    else this.writer.write(result.value, this.pull);
  };

  private readonly onThrow = (error: unknown): void => {
    this.exhausted = true;
    if (!this.stopped) this.writer.failRequests(error);
  };
}

function closeIterator(iterator: AsyncIterator<unknown> | undefined): void {
  try {
    iterator?.return?.().then(undefined, () => {});
  } catch {
    // A hand-written iterator may throw where it should reject; the call is over either way.
  }
}
