import { AsyncResource } from 'node:async_hooks';
import type { InterceptingListener, StatusObject } from '@grpc/grpc-js';
import { Metadata, type Outcome, type ResponseSink } from '@breakwater/core';
import { nextTurn } from '@breakwater/rpc/transport-kit';
import { Backlog } from './backlog.js';
import { receivedMetadata } from './metadata-copies.js';
import { statusObject } from './status-object.js';

/** `ended`: below, with messages that have not been taken yet. `cancelled`: by the application. `told`: it has its status. */
type Stage = 'running' | 'ended' | 'cancelled' | 'told';

/**
 * The answer to one call on its way to the listener of a grpc-js stub: headers first, one message per `startRead`, the
 * status last and once. The application's code runs in the async context that the call was made in. What it throws is an
 * uncaught exception, as with grpc-js, and nothing that the transport sees.
 */
export class ResponseRelay extends AsyncResource implements ResponseSink {
  private listener: InterceptingListener | undefined;
  private stage: Stage = 'running';
  private holding = false;
  private delivering = false;
  private wanted = false;
  private headersSeen = false;
  private heldHeaders: Metadata | undefined;
  private backlog: Backlog | undefined;
  private status: StatusObject | undefined;

  constructor() {
    // Nobody observes its end; without this every call would be watched by the garbage collector.
    super('BREAKWATER_GRPC_CALL', { requireManualDestroy: true });
  }

  /** The application starts its call. One that it has cancelled before is told so soon. */
  listen(listener: InterceptingListener): void {
    this.listener = listener;
    if (this.stage === 'cancelled') process.nextTick(tell, this);
  }

  /** Until `open()` nothing is delivered: a stub's handlers are attached when the method that makes the call has returned. */
  hold(): void {
    this.holding = true;
  }

  open(): void {
    this.holding = false;
    if (this.heldHeaders !== undefined || this.backlog !== undefined) process.nextTick(deliver, this);
  }

  // What the layers below say

  headers(metadata: Metadata): void {
    if (this.headersSeen || this.stage !== 'running') return;
    this.headersSeen = true;
    this.heldHeaders = metadata;
    this.deliver();
  }

  message(message: unknown): true | Promise<void> {
    // There is no message without headers, even if they are empty.
    this.headers(Metadata.EMPTY);
    if (this.stage !== 'running') return true;
    // All methods below have the codecs of `rawMethod`.
    const bytes = message as Buffer;
    const { listener, backlog } = this;
    const ready = this.heldHeaders === undefined && !this.holding && !this.delivering;
    if (this.wanted && ready && listener !== undefined && (backlog === undefined || backlog.empty)) {
      this.wanted = false;
      this.call(listener.onReceiveMessage, bytes);
      return true;
    }
    const waiting = (this.backlog ??= new Backlog());
    waiting.push(bytes);
    this.deliver();
    return waiting.room();
  }

  /** The call is over below. An OK waits until every message has been taken; a failure only for a reader on its way. */
  end(outcome: Outcome): void {
    const { headers } = outcome;
    if (headers !== undefined && headers !== Metadata.EMPTY) this.headers(headers);
    if (outcome.ok && outcome.value !== undefined) void this.message(outcome.value);
    // The application may have cancelled the call when it saw these.
    if (this.stage !== 'running') return;
    this.stage = 'ended';
    this.status = statusObject(outcome);
    this.deliver();
    if (this.drained) this.tell();
    else if (!outcome.ok) nextTurn(() => this.tell());
  }

  // What the application does

  /** One message more is wanted; to ask twice before it has come is to ask once. */
  pull(): void {
    this.wanted = true;
    if (this.backlog === undefined) return;
    this.deliver();
    if (this.stage === 'ended' && this.drained) process.nextTick(tell, this);
  }

  /** Ends the call on this side: the status is told soon, what else was to come is dropped. @returns false when it had ended */
  cancel(status: StatusObject): boolean {
    if (this.stage === 'cancelled' || this.stage === 'told') return false;
    this.stage = 'cancelled';
    this.status = status;
    this.heldHeaders = undefined;
    this.backlog?.clear();
    if (this.listener !== undefined) process.nextTick(tell, this);
    return true;
  }

  /** Hands over what there is and is wanted. */
  deliver(): void {
    const { listener } = this;
    if (listener === undefined || this.holding || this.delivering) return;
    this.delivering = true;
    const headers = this.heldHeaders;
    this.heldHeaders = undefined;
    if (headers !== undefined) this.call(listener.onReceiveMetadata, receivedMetadata(headers));
    while (this.wanted) {
      const message = this.backlog?.shift();
      if (message === undefined) break;
      this.wanted = false;
      this.call(listener.onReceiveMessage, message);
    }
    this.delivering = false;
  }

  tell(): void {
    const { listener, status } = this;
    if (listener === undefined || status === undefined || this.stage === 'told') return;
    this.stage = 'told';
    this.backlog?.clear();
    this.call(listener.onReceiveStatus, status);
  }

  private get drained(): boolean {
    return this.backlog === undefined || this.backlog.empty;
  }

  private call<T>(method: (value: T) => void, value: T): void {
    try {
      this.runInAsyncScope(method, this.listener, value);
    } catch (error) {
      process.nextTick(rethrow, error);
    }
  }
}

// Functions of the module: a deferred step costs no closure.

const tell = (relay: ResponseRelay): void => relay.tell();

const deliver = (relay: ResponseRelay): void => relay.deliver();

function rethrow(error: unknown): never {
  throw error;
}
