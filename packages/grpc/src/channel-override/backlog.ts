/** Messages, and bytes of them, that may wait for the application before the sender is held back. */
export const BACKLOG_MESSAGES = 16;
export const BACKLOG_BYTES = 64 * 1024;

/** Response messages that the application has not asked for yet. Without `room()` it does not bound itself: no message is lost. */
export class Backlog {
  private readonly messages: Buffer[] = [];
  private bytes = 0;
  private waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  get empty(): boolean {
    return this.messages.length === 0;
  }

  push(message: Buffer): void {
    this.messages.push(message);
    this.bytes += message.length;
  }

  shift(): Buffer | undefined {
    const message = this.messages.shift();
    if (message === undefined) return undefined;
    this.bytes -= message.length;
    if (!this.full) this.letGo();
    return message;
  }

  /** `true` to send on, or a promise that settles when there is room, or at `clear()`. */
  room(): true | Promise<void> {
    if (!this.full) return true;
    if (this.waiting === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.waiting = { promise, resolve };
    }
    return this.waiting.promise;
  }

  /** Nobody will ask any more. */
  clear(): void {
    this.messages.length = 0;
    this.bytes = 0;
    this.letGo();
  }

  private get full(): boolean {
    return this.messages.length >= BACKLOG_MESSAGES || this.bytes >= BACKLOG_BYTES;
  }

  private letGo(): void {
    this.waiting?.resolve();
    this.waiting = undefined;
  }
}
