import {
  Attributes,
  Cancellation,
  createRuntime,
  deadlineAfter,
  Metadata,
  systemClock,
  type Call,
  type Handler,
  type Outcome,
  type ResponseSink,
  type Runtime,
  type Status,
  Code,
} from '@breakwater/core';
import type { Method } from '../method/method.js';
import { clientLimits, serverLimits, type ClientLimits, type ServerLimits } from '../transport/limits.js';
import type { ClientTls, ServerTls } from '../transport/tls.js';
import type { Address, Connection, ConnectionState, Listener, Transport } from '../transport/transport.js';

/** As sent, or joined by ", " as HTTP allows. */
export type RepeatedText = 'list' | 'joined';

/** What a transport may do differently without being wrong. */
export interface TransportFeatures {
  /** How the values of a repeated text key arrive, at both sides or at each. Default `list`. */
  readonly repeatedText?: RepeatedText | { readonly request: RepeatedText; readonly response: RepeatedText };
  /** Whether messages that were sent before a failed status are delivered before it. Default true. */
  readonly messagesBeforeFailure?: boolean;
  /** Whether it listens on real ports of this machine. Default true. */
  readonly sockets?: boolean;
}

export interface FixtureOptions {
  readonly client?: Partial<ClientLimits>;
  readonly server?: Partial<ServerLimits>;
  /** Where a listener listens; default any free port of 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  readonly clientTls?: ClientTls;
  readonly serverTls?: ServerTls;
  /** Default `conformance`. */
  readonly authority?: string;
}

/** Handlers by method; a method that is left out is not served. */
export type Handlers = readonly (readonly [Method, Handler])[];

/** Opens listeners and connections of one transport for one test, and closes them all after it. */
export class Fixture {
  private readonly opened: { close(): unknown }[] = [];

  constructor(
    readonly transport: Transport,
    readonly runtime: Runtime = createRuntime(),
  ) {}

  /** Closes it after the test, before what was opened earlier. */
  own<T extends { close(): unknown }>(one: T): T {
    this.opened.push(one);
    return one;
  }

  async listen(handlers: Handlers, options: FixtureOptions = {}): Promise<Listener> {
    const methods = new Map(handlers.map(([method, handler]) => [method.path, { method, handler }]));
    const listener = await this.transport.listen(
      {
        name: 'conformance',
        host: options.host ?? '127.0.0.1',
        port: options.port ?? 0,
        limits: serverLimits(options.server),
        runtime: this.runtime,
        tls: options.serverTls,
      },
      methods,
    );
    return this.own(listener);
  }

  connect(address: Address, options: FixtureOptions = {}): Connection {
    return this.own(
      this.transport.connect(address, {
        authority: options.authority ?? 'conformance',
        limits: clientLimits(options.client),
        backoff: { initialMs: 20, maxMs: 100 },
        runtime: this.runtime,
        tls: options.clientTls,
      }),
    );
  }

  /** A listener and a READY connection to it. */
  async pair(
    handlers: Handlers,
    options: FixtureOptions = {},
  ): Promise<{ listener: Listener; connection: Connection }> {
    const listener = await this.listen(handlers, options);
    return { listener, connection: await this.ready(listener.address, options) };
  }

  /** A READY connection. */
  async ready(address: Address, options: FixtureOptions = {}): Promise<Connection> {
    const connection = this.connect(address, options);
    connection.connect();
    await reached(connection, 'ready');
    return connection;
  }

  /** A call with a deadline far away, unless overridden. */
  call(method: Method, overrides: Partial<Call> = {}): Call {
    const now = this.runtime.clock.now();
    return {
      operation: method,
      target: 'conformance',
      deadline: deadlineAfter(now, 60_000),
      now,
      metadata: Metadata.EMPTY,
      request: undefined,
      requests: undefined,
      responses: undefined,
      cancellation: new Cancellation(),
      attempt: 1,
      attributes: Attributes.EMPTY,
      tried: [],
      ...overrides,
    };
  }

  /** The instant `ms` from now. */
  in(ms: number): number {
    return this.runtime.clock.now() + ms;
  }

  /** Lets I/O happen until `condition` holds; the test's own timeout bounds it. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.pause(2);
  }

  /** Lets I/O happen until `value` has not changed for `steps` looks: what was going to happen has happened. */
  async settled(value: () => number, steps = 15): Promise<number> {
    let last = value();
    for (let same = 0; same < steps; ) {
      await this.pause(4);
      same = value() === last ? same + 1 : 0;
      last = value();
    }
    return last;
  }

  /** Of the system's time, also where the runtime has another: I/O takes as long as it takes. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => systemClock.setTimer(ms, resolve));
  }

  async dispose(): Promise<void> {
    for (const one of this.opened.splice(0).reverse()) await one.close();
  }
}

/** Declares, for the suite it is called in, a fixture that is new for each test and disposed after it. */
export function fixturePerTest(create: () => Transport): () => Fixture {
  let fixture: Fixture | undefined;
  afterEach(async () => {
    await fixture?.dispose();
    fixture = undefined;
  });
  return () => (fixture ??= new Fixture(create()));
}

/** Settles when the connection is in `state`. */
export function reached(connection: Connection, state: ConnectionState): Promise<void> {
  return new Promise((resolve) => {
    if (connection.state === state) return resolve();
    const stop = connection.onStateChange(() => {
      if (connection.state !== state) return;
      stop();
      resolve();
    });
  });
}

/** A sink that remembers, and by default never holds the sender up. */
export class RecordingSink implements ResponseSink {
  readonly log: string[] = [];
  readonly messages: unknown[] = [];
  received: Metadata | undefined;

  constructor(private readonly take: (message: unknown) => true | Promise<void> = () => true) {}

  headers(metadata: Metadata): void {
    this.log.push('headers');
    this.received = metadata;
  }

  message(message: unknown): true | Promise<void> {
    this.log.push('message');
    this.messages.push(message);
    return this.take(message);
  }
}

/** A promise and its resolver. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Settles with the status that a cancellation fires with. */
export const cancelled = (call: Call): Promise<Status> => new Promise((resolve) => call.cancellation.onCancel(resolve));

/** As the edge cancels a call whose caller has lost interest. */
export const BY_CALLER: Status = {
  code: Code.CANCELLED,
  origin: 'local',
  reason: 'CANCELLED',
  details: 'the caller cancelled',
};

/** Waits as long as the handler's call is wanted, then fails with why it was not. */
export const untilCancelled: Handler = async (call): Promise<Outcome> => {
  const status = await cancelled(call);
  return { ok: false, status, trailers: Metadata.EMPTY, sent: 'no' };
};

/** Sends what `messages` yields into the response stream, waiting where the sink asks for it. */
export async function send(call: Call, messages: Iterable<unknown>): Promise<void> {
  for (const message of messages) {
    const more = call.responses?.message(message);
    if (more !== true) await more;
  }
}
