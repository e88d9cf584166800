import type { Call, Clock, Failure, Outcome, Status, Timer } from '@breakwater/core';
import { fail, Metadata, succeed } from '@breakwater/core';
import type { Method } from '../method/method.js';
import { decodeStatus, type WireStatus } from '../status/wire-status.js';
import type { ClientLimits } from '../transport/limits.js';
import {
  CALLER_GONE,
  CLIENT_CLOSED,
  connectionLost,
  deadlineExceeded,
  EXPIRED,
  notOne,
  sourceFailed,
} from './failures.js';
import { checkHeaders, type HeaderLimit } from './header-list.js';
import type { Caller, IncomingCall } from './incoming-call.js';
import type { InProcessListener } from './listener.js';
import { CallPaths } from './message-path.js';
import { RequestPump } from './request-pump.js';

/** What a call needs to know of its connection. */
export interface CallRoute {
  readonly listener: InProcessListener;
  /** `host:port` of the server. */
  readonly peer: string;
  readonly limits: ClientLimits;
  readonly clock: Clock;
}

/** The client's half of a call: enforces deadline, cancellation and limits, and settles exactly once. */
export class OutgoingCall implements Caller {
  readonly paths: CallPaths;
  private incoming: IncomingCall | undefined;
  private request: Uint8Array | undefined;
  private timer: Timer | undefined;
  private pump: RequestPump | undefined;
  private headers: Metadata | undefined;
  /** Of calls that expect one response message. */
  private value: unknown;
  private received = 0;
  private over = false;
  private started = false;
  /** Of handlers that are held back by the caller's sink. */
  private readonly releases = new Set<() => void>();

  /** @param onOver called when the call has settled */
  constructor(
    private readonly method: Method,
    private readonly call: Call,
    private readonly route: CallRoute,
    private readonly onOver: (call: OutgoingCall) => void,
    private readonly resolve: (outcome: Outcome) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.paths = new CallPaths(route.limits, route.listener.options.limits);
  }

  private get headerLimit(): HeaderLimit {
    return { maxHeaderBytes: this.route.limits.maxHeaderBytes, of: 'this client' };
  }

  get peer(): string {
    return this.route.peer;
  }

  /**
   * Starts the call, or settles it at once when it may not be sent. The handler starts two turns of the microtask queue
   * later, so that a call that is cancelled by whoever has just made it is never sent.
   */
  start(): void {
    const { call, route } = this;
    const early = call.cancellation.status ?? this.check();
    if (early !== undefined) return this.end(early);
    call.cancellation.onCancel(this.onCancel);
    if (call.deadline !== Number.POSITIVE_INFINITY) {
      this.timer = route.clock.setTimer(call.deadline - route.clock.now(), () => this.expire());
    }
    queueMicrotask(() => queueMicrotask(() => this.send()));
  }

  /** The connection is closed. */
  close(): void {
    this.abort(CLIENT_CLOSED, CALLER_GONE);
  }

  onRoom(): void {
    this.pump?.resume();
  }

  onHeaders(headers: Metadata): void {
    if (this.over || !this.accepts('the response header list', headers)) return;
    this.headers = headers;
    this.guard(() => this.call.responses?.headers(headers));
  }

  onMessage(bytes: Uint8Array): true | Promise<void> {
    if (this.over) return true;
    const message = this.paths.receiveResponse(this.method, bytes);
    if (!message.ok) {
      this.abort(message.status, CALLER_GONE);
      return true;
    }
    const room = this.take(message.value);
    return room === undefined || room === true || this.over ? true : this.untilRoom(room);
  }

  onSuccess(response: Uint8Array | undefined, trailers: Metadata): void {
    if (this.over || !this.accepts('the list of trailers', trailers)) return;
    if (response !== undefined) {
      const message = this.paths.receiveResponse(this.method, response);
      if (!message.ok) return this.end(message.status, trailers);
      void this.take(message.value);
      if (this.over) return;
    }
    if (this.call.responses === undefined && this.received !== 1) return this.end(notOne(this.received), trailers);
    this.settle({ ...succeed(this.value, this.headers, trailers), peer: this.peer });
  }

  /** One response message, whichever way its method sends it and its caller wants it. */
  private take(message: unknown): true | Promise<void> | undefined {
    const sink = this.call.responses;
    if (sink !== undefined) return this.guard(() => sink.message(message));
    this.received += 1;
    this.value = message;
    return true;
  }

  onFailure({ code, message, trailers }: WireStatus): void {
    if (this.over || !this.accepts('the list of trailers', trailers)) return;
    this.end(decodeStatus(code, message, trailers), trailers);
  }

  onLost(): void {
    this.end(connectionLost(this.peer));
  }

  /** What forbids sending the call; serializes the request on the way. */
  private check(): Status | undefined {
    const { call, route } = this;
    if (call.deadline <= route.clock.now()) return deadlineExceeded(this.peer, false);
    const large = checkHeaders('the request header list', call.metadata, this.headerLimit, 'local');
    if (large !== undefined || call.requests !== undefined) return large;
    const request = this.paths.sendRequest(this.method, call.request);
    if (!request.ok) return request.status;
    this.request = request.value;
    return undefined;
  }

  private send(): void {
    if (this.over) return;
    const { call, route } = this;
    const { listener } = route;
    const refusal = listener.refusal(this.peer);
    if (refusal !== undefined) return this.settle({ ...refusal, peer: this.peer });
    this.started = true;
    if (call.requests !== undefined) this.pump = new RequestPump(call.requests, this.writer);
    const { metadata, deadline } = call;
    const { clock } = route;
    this.incoming = listener.accept(this, {
      path: this.method.path,
      metadata,
      deadline,
      now: clock.now(),
      clock,
      request: this.request,
    });
    this.incoming?.run();
    // The call may have been refused, or ended by the first steps of its handler.
    if (!this.over) this.pump?.start();
  }

  /** The request stream goes straight into the server's half, within the limits of both. */
  private readonly writer = {
    write: (message: unknown): boolean => {
      const bytes = this.paths.sendRequest(this.method, message);
      if (bytes.ok) return this.incoming?.receive(bytes.value) ?? false;
      this.abort(bytes.status, CALLER_GONE);
      return false;
    },
    end: (): void => this.incoming?.halfClose(),
    fail: (error: unknown): void => this.abort(sourceFailed(error), CALLER_GONE),
  };

  private readonly onCancel = (status: Status): void => this.abort(status, CALLER_GONE);

  private expire(): void {
    this.abort(deadlineExceeded(this.peer, this.started), EXPIRED);
  }

  /** @returns whether a header list that has come in is within the limit; else the call ends */
  private accepts(what: string, headers: Metadata): boolean {
    const large = checkHeaders(what, headers, this.headerLimit, 'remote');
    if (large !== undefined) this.abort(large, CALLER_GONE);
    return large === undefined;
  }

  /** Runs the caller's sink. What it throws is a defect: the call rejects, and the handler is told to stop. */
  private guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.defect(error);
      return undefined;
    }
  }

  private untilRoom(room: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const release = (): void => {
        this.releases.delete(release);
        resolve();
      };
      this.releases.add(release);
      room.then(release, (error: unknown) => this.defect(error));
    });
  }

  private defect(error: unknown): void {
    if (this.over) return;
    this.finish();
    this.reject(error);
    this.incoming?.cancel(CALLER_GONE);
  }

  /** Ends the call from this side. @param forHandler what its handler is told */
  private abort(status: Status, forHandler: Status): void {
    if (this.over) return;
    // First this side: nothing that the handler does when it is told can reach the caller any more.
    this.end(status);
    this.incoming?.cancel(forHandler);
  }

  private end(status: Status, trailers = Metadata.EMPTY): void {
    const failure: Failure = {
      ...fail(status, this.started ? 'unknown' : 'no', trailers),
      headers: this.headers,
      peer: this.peer,
    };
    this.settle(failure);
  }

  private settle(outcome: Outcome): void {
    if (this.over) return;
    this.finish();
    this.resolve(outcome);
  }

  private finish(): void {
    this.over = true;
    this.timer?.cancel();
    this.call.cancellation.removeListener(this.onCancel);
    this.pump?.stop();
    for (const release of [...this.releases]) release();
    this.onOver(this);
  }
}
