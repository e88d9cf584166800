import type { AttributeKey, Call, Handler, Outcome, Runtime, Status } from '@breakwater/core';
import { attributeKey } from '@breakwater/core';
import type { Method } from '../method/method.js';
import type { ClientTls, ServerTls } from './tls.js';
import type { ClientLimits, ServerLimits } from './limits.js';

/** An address to connect to. A host that begins with a slash is the path of a Unix socket; its port is 0. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * `idle`: nothing is open and nothing is tried until `connect()`. `failed`: the last try failed; the connection tries
 * again by itself after its backoff. `draining`: no new calls, those in flight go on. `closed`: for good.
 */
export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'failed' | 'draining' | 'closed';

/** Waits between attempts to connect: initial x 1.6^n, at most `maxMs`, jitter 0.2. @see gRPC connection-backoff.md */
export interface ConnectBackoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

export interface ConnectOptions {
  /** `:authority` of every call and the name that TLS verifies: the service name of the target, not the address. */
  readonly authority: string;
  /** Absent: plaintext. */
  readonly tls?: ClientTls | undefined;
  readonly limits: ClientLimits;
  readonly backoff: ConnectBackoff;
  readonly runtime: Runtime;
}

/** One connection to one endpoint. It re-connects by itself after a failure until it is drained or closed. */
export interface Connection {
  readonly state: ConnectionState;
  /** Why the last attempt to connect failed, or what ended the connection. Reasons CONNECT_FAILED, TLS_FAILED, PEER_NOT_GRPC. */
  readonly error: Status | undefined;
  /** @returns a function that ends the subscription. Never called synchronously from a method of this object */
  onStateChange(listener: () => void): () => void;
  /** Leaves `idle`; in every other state it does nothing. */
  connect(): void;
  /**
   * Runs one call to its terminal outcome. Enforces `call.deadline` and `call.cancellation`: an outcome of
   * DEADLINE_EXCEEDED that fired here has origin `remote` and reason DEADLINE_EXCEEDED, one of cancellation carries the
   * status that the cancellation fired with. Never rejects, except for a defect. Listeners it adds, it removes.
   */
  call(method: Method, call: Call): Promise<Outcome>;
  /** No new calls; settles when the last one in flight has ended or `graceMs` has passed, then closes. */
  drain(graceMs: number): Promise<void>;
  /** Ends everything now; calls in flight end with UNAVAILABLE, reason CLIENT_CLOSED. Idempotent. */
  close(): void;
}

/** One method that a listener serves. */
export interface ServedMethod {
  readonly method: Method;
  /** The composed stack with the application's handler as its leaf. Takes an incoming call, answers its outcome. */
  readonly handler: Handler;
}

export interface ListenOptions {
  /** Name of the service, for `Call.target`. */
  readonly name: string;
  /** IP address to listen on; default 127.0.0.1 is given by the composition root. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: ServerTls | undefined;
  readonly limits: ServerLimits;
  readonly runtime: Runtime;
}

/** A server socket. */
export interface Listener {
  /** As bound: `port` is 0 for the path of a Unix socket only. */
  readonly address: Address;
  /** Calls that have arrived and not ended, for the drain report. */
  readonly inFlight: number;
  /** Takes no new connections, sends GOAWAY on those that are open, settles when the last call in flight has ended. */
  drain(): Promise<void>;
  /** Ends everything now. Settles when the port is free. Idempotent. */
  close(): Promise<void>;
}

/**
 * A way of moving calls: grpc-js, wire, in-process. Resolution, balancing, retries and every policy live above it.
 * All implementations pass `@breakwater/rpc/conformance`.
 */
export interface Transport {
  readonly name: string;
  connect(address: Address, options: ConnectOptions): Connection;
  /**
   * Serves `methods` (by path). A path that is not there is answered UNIMPLEMENTED.
   * @throws ListenError when port or path are taken or not allowed, naming them, the cause and the option
   */
  listen(options: ListenOptions, methods: ReadonlyMap<string, ServedMethod>): Promise<Listener>;
}

/** Address of the peer of an incoming call: `host:port`, or `unix`. */
export const PEER: AttributeKey<string> = attributeKey('peer');
/** Subject of the verified client certificate of an incoming call. */
export const PEER_CERTIFICATE: AttributeKey<string> = attributeKey('peer-certificate');
/** Compression of the messages of one outgoing call; unset: the channel's. */
export const COMPRESSION: AttributeKey<Compression> = attributeKey('compression');

export type Compression = 'identity' | 'gzip' | 'deflate';
