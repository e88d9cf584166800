import {
  Attributes,
  type Call,
  Cancellation,
  createRuntime,
  deadlineAfter,
  Metadata,
  type Outcome,
  type ResponseSink,
  type Runtime,
} from '@breakwater/core';
import {
  type Address,
  clientLimits,
  type Connection,
  type ConnectionState,
  type Listener,
  type Method,
  serverLimits,
  type ServedMethod,
  type Transport,
} from '@breakwater/rpc';

/** Far beyond what any call here takes. */
const PATIENCE_MS = 20_000;
const runtime: Runtime = createRuntime();

/** Serves methods on a free port of 127.0.0.1, in plaintext. */
export const listen = (transport: Transport, methods: ReadonlyMap<string, ServedMethod>): Promise<Listener> =>
  transport.listen({ name: 'interop', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime }, methods);

/** Settles when the connection is in `state`. */
export function reached(connection: Connection, state: ConnectionState): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.onStateChange(() => look());
    // A connection on its way need not keep the process alive, but whoever waits for it does.
    const patience = runtime.clock.setTimer(PATIENCE_MS, () => {});
    const look = (): void => {
      if (connection.state !== state) return;
      stop();
      patience.cancel();
      resolve();
    };
    look();
  });
}

/** What a call of `Caller` may set. */
export interface CallParts {
  readonly request?: unknown;
  readonly requests?: AsyncIterable<unknown>;
  readonly responses?: ResponseSink;
  readonly metadata?: Metadata;
  readonly attributes?: Attributes;
  readonly cancellation?: Cancellation;
  readonly timeoutMs?: number;
}

/** One connection and calls on it. */
export class Caller {
  private constructor(private readonly connection: Connection) {}

  /** A caller whose connection is ready. */
  static async connect(transport: Transport, address: Address): Promise<Caller> {
    const limits = clientLimits();
    const backoff = { initialMs: 20, maxMs: 200 };
    const connection = transport.connect(address, { authority: 'interop', limits, backoff, runtime });
    connection.connect();
    await reached(connection, 'ready');
    return new Caller(connection);
  }

  call(method: Method, { timeoutMs = PATIENCE_MS, ...parts }: CallParts = {}): Promise<Outcome> {
    const now = runtime.clock.now();
    const call: Call = {
      operation: method,
      target: 'interop',
      deadline: deadlineAfter(now, timeoutMs),
      now,
      metadata: Metadata.EMPTY,
      request: undefined,
      requests: undefined,
      responses: undefined,
      cancellation: new Cancellation(),
      attempt: 1,
      attributes: Attributes.EMPTY,
      tried: [],
      ...parts,
    };
    return this.connection.call(method, call);
  }

  close(): void {
    this.connection.close();
  }
}

/** Keeps what a response stream brings. */
export class Collected<M = string> implements ResponseSink {
  readonly messages: M[] = [];

  constructor(private readonly onMessage: (message: M) => void = () => {}) {}

  headers(): void {
    // The outcome tells them as well.
  }

  message(message: unknown): true {
    this.messages.push(message as M);
    this.onMessage(message as M);
    return true;
  }
}
