/**
 * What a contender can be asked to do: the three kinds of calls, messages of any size, and what may lie around them.
 * `connections`: several connections of one client process; `crowd`: a thousand of them; `idle`: what it keeps in memory
 * for connections and streams that are open and silent.
 */
export type Ability = 'unary' | 'payload' | 'server-stream' | 'bidi' | 'tls' | 'connections' | 'crowd' | 'idle';

/** What both sides are told before they start. */
export interface Setup {
  readonly tls: boolean;
  /** Most calls that will be in flight at a time, over all connections: what pools and limits are sized for. */
  readonly inFlight: number;
  readonly connections: number;
}

/** A server of one contender, listening on a loopback port. */
export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** An open bidirectional stream on which one message goes out and one comes back at a time. */
export interface PingPong {
  /** Sends a message and settles when its answer is there. */
  exchange(): Promise<unknown>;
  close(): Promise<void>;
}

/** A client of one contender: one connection, but for HTTP/1.1, where a pool has to stand for it. */
export interface RunningClient {
  /** One unary call with the shop's messages; rejects when it fails. */
  unary(): Promise<unknown>;
  /** Sends the bytes and gives how many came back. */
  payload?(data: Buffer): Promise<number>;
  /** Reads a response stream of `count` messages and gives how many came. */
  serverStream?(count: number): Promise<number>;
  bidi?(): PingPong;
  close(): Promise<void>;
}

/** The two ends of a contender. */
export interface Sides {
  serve(setup: Setup): Promise<RunningServer>;
  connect(port: number, setup: Setup): Promise<RunningClient>;
}

/** One way of doing the same calls: same messages, same handlers, same deadline and metadata. */
export interface Contender {
  readonly name: string;
  /** Packages whose versions tell what is measured. */
  readonly packages: readonly string[];
  readonly can: ReadonlySet<Ability>;
  /** Loads what the contender is made of: a process is to hold the code of one contender, not of all. */
  sides(): Promise<Sides>;
  /** Absent: yes. */
  available?(): Promise<boolean>;
}

/** Everything there is. */
export const ALL_ABILITIES: ReadonlySet<Ability> = new Set<Ability>([
  'unary',
  'payload',
  'server-stream',
  'bidi',
  'tls',
  'connections',
  'crowd',
  'idle',
]);

/** Everything but the memory of silent connections, which is compared between few. */
export const BUSY_ABILITIES: ReadonlySet<Ability> = new Set(
  [...ALL_ABILITIES].filter((ability) => ability !== 'idle' && ability !== 'crowd'),
);
