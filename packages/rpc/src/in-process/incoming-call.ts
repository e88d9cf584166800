import type { Call, Clock, Outcome, ResponseSink, Status } from '@breakwater/core';
import { Attributes, Cancellation, Code, Metadata, streamsRequest, streamsResponse } from '@breakwater/core';
import { defectFailure } from '../server/failure.js';
import { encodeStatus, type WireStatus } from '../status/wire-status.js';
import { PEER, type ServedMethod } from '../transport/transport.js';
import { SERVER_CLOSED } from './failures.js';
import type { CallPaths, Carried } from './message-path.js';
import { RequestInbox } from './request-inbox.js';

/** The far end of an incoming call, as its server sees it. */
export interface Caller {
  readonly peer: string;
  readonly paths: CallPaths;
  /** The handler has read from a request stream that was held back. */
  onRoom(): void;
  /** At most once, and before messages. */
  onHeaders(headers: Metadata): void;
  /** One message of a response stream. A promise is backpressure; it settles also when the call ends. */
  onMessage(bytes: Uint8Array): true | Promise<void>;
  /** @param response of unary and client-streaming methods */
  onSuccess(response: Uint8Array | undefined, trailers: Metadata): void;
  onFailure(status: WireStatus): void;
  /** The server has closed. */
  onLost(): void;
}

/** A call as its caller sends it off. */
export interface SentCall {
  readonly path: string;
  readonly metadata: Metadata;
  /** `Infinity`: no deadline. */
  readonly deadline: number;
  readonly now: number;
  /** That `deadline` and `now` are read from. */
  readonly clock: Clock;
  /** Of unary and server-streaming methods. */
  readonly request: Uint8Array | undefined;
}

/** A call as it has arrived. */
export interface ArrivedCall extends Pick<Call, 'target' | 'metadata' | 'deadline' | 'now' | 'request'> {
  /** The requests come one by one, whatever the method takes. */
  readonly streamed: boolean;
}

/** The server's half of a call: runs the handler, and sends what it answers. */
export class IncomingCall {
  private readonly cancellation = new Cancellation();
  private readonly inbox: RequestInbox | undefined;
  private readonly responses: ResponseSink | undefined;
  private headersSent = false;
  /** Nothing is sent any more: the handler has answered, or nobody waits for what it will. */
  private over = false;

  /** @param onSettled called when the handler has settled, even if its answer came too late */
  constructor(
    private readonly served: ServedMethod,
    private readonly caller: Caller,
    private readonly arrived: ArrivedCall,
    private readonly onSettled: (call: IncomingCall) => void,
  ) {
    const { method } = served;
    if (streamsRequest(method) || arrived.streamed) this.inbox = new RequestInbox(() => caller.onRoom());
    if (streamsResponse(method)) {
      this.responses = {
        headers: (headers) => this.sendHeaders(headers),
        message: (message) => this.sendMessage(message),
      };
    }
  }

  /** Starts the handler, whose first steps run before this returns; one that takes one message, when it is there. */
  run(): void {
    const { inbox, arrived } = this;
    if (inbox === undefined) return this.start(arrived.request, undefined);
    if (!streamsRequest(this.served.method)) return void this.collect(inbox);
    if (!arrived.streamed) {
      inbox.push(arrived.request);
      inbox.end();
    }
    this.start(undefined, inbox);
  }

  /** The caller streams, and the method takes one message: as on a wire, only the end of the stream tells. */
  private async collect(inbox: RequestInbox): Promise<void> {
    const messages: unknown[] = [];
    try {
      for await (const message of inbox) {
        messages.push(message);
        if (messages.length > 1) break;
      }
    } catch {
      // The call is over, and its caller has been told.
      return this.onSettled(this);
    }
    if (messages.length === 1) return this.start(messages[0], undefined);
    const { path } = this.served.method;
    const details =
      messages.length === 0
        ? `no request message came for ${path}`
        : `a second request message came for ${path}, which takes one`;
    this.sendFailure({ code: Code.UNIMPLEMENTED, details, origin: 'local' }, Metadata.EMPTY);
    this.onSettled(this);
  }

  private start(request: unknown, requests: RequestInbox | undefined): void {
    const { target, deadline, now, metadata } = this.arrived;
    void this.handle({
      operation: this.served.method,
      target,
      deadline,
      now,
      metadata,
      request,
      requests,
      responses: this.responses,
      cancellation: this.cancellation,
      attempt: 1,
      attributes: Attributes.EMPTY.with(PEER, this.caller.peer),
      tried: [],
    });
  }

  /** One message of the request stream. @returns whether there is room for another */
  receive(bytes: Uint8Array): boolean {
    if (this.over || this.inbox === undefined) return false;
    const message = this.caller.paths.receiveRequest(this.served.method, bytes);
    if (message.ok) return this.inbox.push(message.value);
    this.breakOff(message.status);
    return false;
  }

  halfClose(): void {
    this.inbox?.end();
  }

  /** The call is over for its caller, or for the server: the handler is told, and its answer no longer counts. */
  cancel(status: Status): void {
    if (this.over) return;
    this.over = true;
    this.cancellation.cancel(status);
    this.inbox?.fail(status);
  }

  /** The server closes. */
  lose(): void {
    if (this.over) return;
    this.caller.onLost();
    this.cancel(SERVER_CLOSED);
  }

  private async handle(call: Call): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.served.handler(call);
    } catch (error) {
      outcome = defectFailure(error);
    }
    this.answer(outcome);
    this.onSettled(this);
  }

  private answer(outcome: Outcome): void {
    if (this.over) return;
    if (!outcome.ok) {
      if (outcome.headers !== undefined && outcome.headers.size > 0) this.sendHeaders(outcome.headers);
      // The caller may have refused the headers.
      if (!this.over) this.sendFailure(outcome.status, outcome.trailers);
      return;
    }
    const response: Carried<Uint8Array> | undefined =
      this.responses === undefined ? this.caller.paths.sendResponse(this.served.method, outcome.value) : undefined;
    if (response?.ok === false) return this.sendFailure(response.status, outcome.trailers);
    if (outcome.headers !== Metadata.EMPTY) this.sendHeaders(outcome.headers);
    // The caller may have refused the headers.
    if (this.over) return;
    this.over = true;
    this.caller.onSuccess(response?.value, outcome.trailers);
  }

  private sendFailure(status: Status, trailers: Metadata): void {
    if (this.over) return;
    this.over = true;
    this.caller.onFailure(encodeStatus(status, trailers));
  }

  private sendHeaders(headers: Metadata): void {
    if (this.over || this.headersSent) return;
    this.headersSent = true;
    this.caller.onHeaders(headers);
  }

  private sendMessage(message: unknown): true | Promise<void> {
    if (this.over) return true;
    this.sendHeaders(Metadata.EMPTY);
    const bytes = this.caller.paths.sendResponse(this.served.method, message);
    if (bytes.ok) return this.over ? true : this.caller.onMessage(bytes.value);
    this.breakOff(bytes.status);
    return true;
  }

  /** A message that cannot go on ends the call for both sides. */
  private breakOff(status: Status): void {
    this.caller.onFailure(encodeStatus(status, Metadata.EMPTY));
    this.cancel(status);
  }
}
