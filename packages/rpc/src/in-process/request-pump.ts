/** Where a request stream goes. */
export interface RequestWriter {
  /** @returns false to hold the source back until `resume()` */
  write(message: unknown): boolean;
  end(): void;
  /** The source threw. */
  fail(error: unknown): void;
}

/**
 * Pulls the caller's request stream, one message at a time while there is room. `stop()` closes the source, also while
 * a pull is pending; what the source does or throws from then on matters to nobody.
 */
export class RequestPump {
  private iterator: AsyncIterator<unknown> | undefined;
  private stopped = false;
  private held = false;
  /** The source has ended or thrown by itself, so that `return()` is not called. */
  private exhausted = false;

  constructor(
    private readonly source: AsyncIterable<unknown>,
    private readonly writer: RequestWriter,
  ) {}

  start(): void {
    if (this.stopped) return;
    try {
      this.iterator = this.source[Symbol.asyncIterator]();
    } catch (error) {
      this.onThrow(error);
      return;
    }
    this.pull();
  }

  resume(): void {
    if (!this.held) return;
    this.held = false;
    this.pull();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    if (this.exhausted) return;
    try {
      this.iterator?.return?.().then(undefined, () => {});
    } catch {
      // A hand-written iterator may throw where it should reject; the call is over either way.
    }
  }

  private pull(): void {
    if (this.stopped) return;
    try {
      this.iterator?.next().then(this.onNext, this.onThrow);
    } catch (error) {
      this.onThrow(error);
    }
  }

  private readonly onNext = (result: IteratorResult<unknown>): void => {
    if (result.done === true) this.exhausted = true;
    if (this.stopped) return;
    if (result.done === true) this.writer.end();
    else if (this.writer.write(result.value)) this.pull();
    else this.held = true;
  };

  private readonly onThrow = (error: unknown): void => {
    this.exhausted = true;
    if (!this.stopped) this.writer.fail(error);
  };
}
