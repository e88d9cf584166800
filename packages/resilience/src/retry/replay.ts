/**
 * A request stream that several attempts can read from the start. The source is iterated once; what it gave is kept until
 * `limit` messages are exceeded or `commit()` is called, after which only the attempt that reads now can go on.
 */
export class ReplayableRequests {
  private readonly source: AsyncIterator<unknown>;
  private kept: unknown[] = [];
  /** Position in the stream of the first kept message. */
  private dropped = 0;
  private pulling: Promise<void> | undefined;
  private end: { readonly error?: unknown; readonly failed: boolean } | undefined;
  private single = false;
  private overflowed = false;

  constructor(
    source: AsyncIterable<unknown>,
    private readonly limit: number,
  ) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Whether the stream outgrew the buffer: no attempt can be given the whole of it any more. */
  get outgrown(): boolean {
    return this.overflowed;
  }

  /** No further attempt will come: messages are let go as they are read. */
  commit(): void {
    this.single = true;
  }

  /** The stream from its start. A reader that stops early leaves the source open for the next attempt. */
  open(): AsyncIterable<unknown> {
    let position = 0;
    let closed = false;
    const iterator: AsyncIterator<unknown> = {
      next: async () => {
        while (!closed) {
          const index = position - this.dropped;
          if (index < this.kept.length) {
            const message = this.kept[index];
            position += 1;
            this.letGo(position);
            return { done: false, value: message };
          }
          if (this.end !== undefined) {
            if (this.end.failed) throw this.end.error;
            break;
          }
          // An earlier attempt may have asked for this message and gone; its answer is ours then.
          await (this.pulling ??= this.pull());
        }
        return { done: true, value: undefined };
      },
      return: async () => {
        closed = true;
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  /** The call is over: closes the source, without waiting for a message it may be producing. */
  close(): void {
    this.single = true;
    this.kept = [];
    if (this.end !== undefined) return;
    this.end = { failed: false };
    const closing = this.source.return?.();
    if (closing !== undefined) closing.catch(() => {});
  }

  private async pull(): Promise<void> {
    try {
      const result = await this.source.next();
      if (this.end !== undefined) return;
      if (result.done === true) this.end = { failed: false };
      else this.keep(result.value);
    } catch (error) {
      this.end ??= { failed: true, error };
    } finally {
      this.pulling = undefined;
    }
  }

  private keep(message: unknown): void {
    this.kept.push(message);
    if (this.single || this.kept.length <= this.limit) return;
    this.overflowed = true;
    this.single = true;
  }

  private letGo(position: number): void {
    if (!this.single) return;
    const passed = position - this.dropped;
    this.kept.splice(0, passed);
    this.dropped += passed;
  }
}
