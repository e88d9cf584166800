import assert from 'node:assert/strict';
import {
  Attributes,
  Cancellation,
  type Code,
  codeName,
  createRuntime,
  deadlineAfter,
  Metadata,
  systemClock,
  type Call,
  type Clock,
  type Outcome,
  type Sent,
  type Status,
} from '@breakwater/core';
import {
  clientLimits,
  type ClientLimits,
  type ClientTls,
  type Connection,
  type Method,
  type Transport,
} from '@breakwater/rpc';
import { data, headers } from '../frames.js';
import { message, OK_TRAILERS, responseFields } from '../grpc-bytes.js';
import { literals } from '../literals.js';
import { ECHO } from '../methods.js';
import { MAX_WINDOW, type RawPeer } from '../raw-peer.js';
import { until } from '../until.js';
import { listenRaw, type RawServer, type Script } from '../raw-server.js';

export interface DialOptions {
  readonly tls?: ClientTls;
  readonly client?: Partial<ClientLimits>;
  readonly clock?: Clock;
}

/** Servers that misbehave, and a client that has to make sense of them. Closes everything after the test. */
export class Stage {
  private readonly opened = new Set<{ close(): void | Promise<void> }>();

  constructor(
    private readonly create: () => Transport,
    private readonly limitMs: number,
  ) {}

  async listen(script: Script): Promise<RawServer> {
    const server = await listenRaw(script, { limitMs: this.limitMs });
    this.opened.add(server);
    return server;
  }

  /** Closed after the test, in the order opposite to that of opening. */
  keep<T extends { close(): void | Promise<void> }>(one: T): T {
    this.opened.add(one);
    return one;
  }

  /** It was closed by the test itself. */
  forget(one: { close(): void | Promise<void> }): void {
    this.opened.delete(one);
  }

  /** A connection that was told to connect. */
  dial(port: number, { tls, client, clock }: DialOptions = {}): Connection {
    const connection = this.create().connect(
      { host: '127.0.0.1', port },
      {
        authority: 'conformance',
        limits: clientLimits(client),
        backoff: { initialMs: 20, maxMs: 50 },
        runtime: createRuntime(clock === undefined ? {} : { clock }),
        ...(tls === undefined ? {} : { tls }),
      },
    );
    this.opened.add(connection);
    connection.connect();
    return connection;
  }

  /** A connection that is ready. */
  async connect(port: number, options: DialOptions = {}): Promise<Connection> {
    const connection = this.dial(port, options);
    await this.reached(connection, 'ready');
    return connection;
  }

  /** Why a connection to this port fails. */
  async refusal(port: number, options: DialOptions = {}): Promise<Status> {
    const connection = this.dial(port, options);
    await this.reached(connection, 'failed');
    assert.ok(connection.error);
    const outcome = await this.call(connection);
    assert.ok(!outcome.ok && outcome.sent === 'no', 'a call on it was sent');
    return connection.error;
  }

  reached(connection: Connection, state: Connection['state']): Promise<void> {
    let stop = (): void => {};
    const there = new Promise<void>((resolve) => {
      const look = (): void => {
        if (connection.state === state) resolve();
      };
      stop = connection.onStateChange(look);
      look();
    });
    return this.bounded(there, () => `the connection is ${connection.state}, not ${state}`).finally(() => stop());
  }

  /** One call, with a deadline far away. @throws when it is not over in time: it hangs */
  call(connection: Connection, method: Method = ECHO, overrides: Partial<Call> = {}): Promise<Outcome> {
    const now = systemClock.now();
    const call: Call = {
      operation: method,
      target: 'conformance',
      deadline: deadlineAfter(now, 10 * this.limitMs),
      now,
      metadata: Metadata.EMPTY,
      request: 'hello',
      requests: undefined,
      responses: undefined,
      cancellation: new Cancellation(),
      attempt: 1,
      attributes: Attributes.EMPTY,
      tried: [],
      ...overrides,
    };
    return this.bounded(connection.call(method, call), () => 'the call hangs');
  }

  /** The connection, or the next one that it makes, serves calls again; until then they fail as certainly not handled. */
  async recovers(connection: Connection): Promise<void> {
    for (;;) {
      const outcome = await this.call(connection);
      if (outcome.ok) return expectAnswer(outcome);
      assert.notEqual(outcome.sent, 'unknown', outcome.status.details);
      await this.reached(connection, 'ready');
    }
  }

  async dispose(): Promise<void> {
    const opened = [...this.opened].reverse();
    this.opened.clear();
    for (const one of opened) await one.close();
  }

  /** Lets I/O happen until `condition` holds. @throws when it does not in time */
  until(condition: () => boolean, what: string): Promise<void> {
    let late = false;
    const there = until(() => late || condition());
    return this.bounded(there, () => what).finally(() => {
      late = true;
    });
  }

  private async bounded<T>(promise: Promise<T>, why: () => string): Promise<T> {
    let timer = { cancel: (): void => {} };
    const late = new Promise<never>((_, reject) => {
      timer = systemClock.setTimer(this.limitMs, () => reject(new Error(why())));
    });
    return Promise.race([promise, late]).finally(() => timer.cancel());
  }
}

/** What a server does with the `count`-th request of a connection, from 1, when all of it has come. */
export type Answer = (peer: RawPeer, stream: number, count: number) => unknown;

/** A server that greets as it should and then treats each request as it is told. */
export const answering =
  (answer: Answer): Script =>
  async (peer, index) => {
    await peer.handshake([], MAX_WINDOW);
    for (let count = 1; ; count++) await answer(peer, await requestOf(peer), index * 1000 + count);
  };

/** The stream of the next request, when all of it has come. Waits for it as long as the connection lasts. */
export async function requestOf(peer: RawPeer): Promise<number> {
  const begun = await peer.nextFrame('HEADERS');
  if (!begun.endStream) await peer.nextFrame('DATA', ({ stream, endStream }) => stream === begun.stream && endStream);
  return begun.stream;
}

/** The frames of a response that is as it should be. */
export const answer = (stream: number, content: Uint8Array | string = 'hello'): Buffer =>
  Buffer.concat([
    headers(stream, literals(responseFields())),
    data(stream, message(content)),
    headers(stream, literals(OK_TRAILERS), { endStream: true }),
  ]);

/** What a failed call is to say. */
export interface Expected {
  /** One, or any of these. */
  readonly code: Code | readonly Code[];
  readonly reason?: string;
  /** The text names what was seen; by default it says something. */
  readonly says?: RegExp;
  readonly sent?: Sent;
}

/** @returns the status, for more to be asked of it */
export function expectFailure(outcome: Outcome, expected: Expected): Status {
  assert.ok(!outcome.ok, `the call succeeded with ${String(outcome.ok && outcome.value)}`);
  const { status, sent } = outcome;
  expectStatus(status, expected);
  if (expected.sent !== undefined) assert.equal(sent, expected.sent, `sent, of: ${status.details}`);
  return status;
}

export function expectStatus(status: Status, { code, reason, says = /./ }: Expected): void {
  const codes = typeof code === 'number' ? [code] : code;
  const found = `${codeName(status.code)} (${String(status.reason)}): ${status.details}`;
  assert.ok(codes.includes(status.code), `not ${codes.map(codeName).join(' or ')}, but ${found}`);
  if (reason !== undefined) assert.equal(status.reason, reason, found);
  assert.equal(status.origin, 'remote', found);
  assert.match(status.details, says);
}

export function expectAnswer(outcome: Outcome, content = 'hello'): void {
  assert.ok(outcome.ok, JSON.stringify(outcome));
  assert.equal(Buffer.from(outcome.value as Uint8Array).toString(), content);
}
