import type { AsyncResource } from 'node:async_hooks';
import type { ChannelInterface } from '@grpc/grpc-js';
import { MessageQueue } from '../interceptor/message-queue.js';

type Send = ReturnType<ChannelInterface['createCall']>['sendMessageWithContext'];
/** Lets the writer of a message go on. */
export type WriteCallback = NonNullable<Parameters<Send>[0]['callback']>;

/**
 * The request messages of one call as its stub sends them. The first is kept aside as long as it may be the only one: a
 * call with one request message costs no queue. Writers are let go when their message is taken, in a tick of their own and
 * in the async context of the call, or when nobody will take it any more.
 */
export class RequestIntake {
  private first: Buffer | undefined;
  private firstCallback: WriteCallback | undefined;
  private queue: MessageQueue | undefined;
  private ended = false;
  private closed = false;

  constructor(private readonly scope: AsyncResource) {}

  push(message: Buffer, callback: WriteCallback | undefined): void {
    if (this.closed) return this.letGo(callback);
    if (this.queue === undefined && this.first === undefined) {
      this.first = message;
      this.firstCallback = callback;
    } else this.stream().push(message, this.releaseOf(callback));
  }

  /** Half-close. */
  end(): void {
    this.ended = true;
    this.queue?.end();
  }

  /** The one message of a request that has ended with it; else undefined. Nothing can be sent after it has been taken. */
  takeOnly(): Buffer | undefined {
    const only = this.first;
    if (!this.ended || only === undefined) return undefined;
    this.first = undefined;
    this.closed = true;
    this.letGo(this.firstCallback);
    return only;
  }

  /** All messages, those that are still to come included. */
  stream(): MessageQueue {
    if (this.queue !== undefined) return this.queue;
    const queue = new MessageQueue();
    this.queue = queue;
    if (this.first !== undefined) queue.push(this.first, this.releaseOf(this.firstCallback));
    this.first = undefined;
    if (this.ended) queue.end();
    return queue;
  }

  /** Nobody takes messages any more. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.first !== undefined) this.letGo(this.firstCallback);
    this.first = undefined;
    void this.queue?.return();
  }

  private letGo(callback: WriteCallback | undefined): void {
    if (callback !== undefined) process.nextTick(runIn, this.scope, callback);
  }

  private releaseOf(callback: WriteCallback | undefined): (() => void) | undefined {
    return callback === undefined ? undefined : () => this.letGo(callback);
  }
}

const runIn = (scope: AsyncResource, callback: WriteCallback): void => scope.runInAsyncScope(callback);
