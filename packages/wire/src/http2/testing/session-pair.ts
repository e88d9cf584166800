import assert from 'node:assert/strict';
import { FakeClock } from '@breakwater/core/testing';
import { ClientSession, type ClientSessionOwner } from '../client-session.js';
import { PREFACE } from '../frame.js';
import type { MemoryBudget } from '../memory-budget.js';
import type { RequestHead } from '../request-head.js';
import { ServerSession, type ServerSessionOwner, type ServerStream } from '../server-session.js';
import { chunked } from './chunked.js';
import { FakeSocket } from './fake-socket.js';
import { type Frame, framesOf } from './frames.js';
import { type Fields, REQUEST, TestClientStream, TestServerStream } from './test-streams.js';

export interface PairOptions {
  readonly maxConcurrentStreams?: number;
  readonly maxHeaderBytes?: number;
  readonly clientBufferBytes?: number;
  readonly serverBufferBytes?: number;
  readonly sharedBudget?: MemoryBudget;
  readonly firstId?: number;
  readonly clock?: FakeClock;
  /** Sizes of the chunks that bytes arrive in, over and over. */
  readonly chunks?: readonly number[];
  /** What each kernel takes before it waits for its peer to read. */
  readonly room?: number;
}

/** A client and a server on two sockets that are joined in memory: bytes move when the test says so. */
export class SessionPair implements ClientSessionOwner, ServerSessionOwner {
  readonly clock: FakeClock;
  readonly clientSocket = new FakeSocket();
  readonly serverSocket = new FakeSocket();
  readonly client: ClientSession;
  readonly server: ServerSession;
  /** What the sessions have told their owners. */
  readonly log: string[] = [];
  /** Requests that the server has accepted, in order. */
  readonly accepted: TestServerStream[] = [];
  /** Called with each. */
  onAccept = (_stream: TestServerStream): void => {};
  /** Called with what a session has not expected. */
  onDefect = (error: unknown): void => {
    throw error;
  };
  private readonly chunks: readonly number[];

  constructor(options: PairOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.chunks = options.chunks ?? [65_536];
    this.clientSocket.room = this.serverSocket.room = options.room ?? Number.POSITIVE_INFINITY;
    const common = { clock: this.clock, secure: false, maxHeaderBytes: options.maxHeaderBytes ?? 16_384 };
    const MIB = 1024 * 1024;
    this.client = new ClientSession(
      { ...common, socket: this.clientSocket, maxBufferedBytes: options.clientBufferBytes ?? 16 * MIB },
      this,
      options.firstId,
    );
    this.server = new ServerSession(
      {
        ...common,
        socket: this.serverSocket,
        maxBufferedBytes: options.serverBufferBytes ?? 16 * MIB,
        sharedBudget: options.sharedBudget,
        maxConcurrentStreams: options.maxConcurrentStreams ?? 100,
        minPingIntervalMs: 300_000,
        handshakeTimeoutMs: 10_000,
      },
      this,
    );
  }

  /** Both greet, and read it. */
  async connect(): Promise<this> {
    this.client.greet();
    this.server.greet();
    await this.settle();
    assert.deepEqual(this.log.splice(0), ['settled']);
    return this;
  }

  /** A request that begins at the end of this tick. */
  start(fields: Fields = REQUEST, ends = false): TestClientStream {
    const stream = new TestClientStream(fields, ends);
    this.client.start(stream);
    return stream;
  }

  /** A request, and what the server has made of it. */
  async open(fields: Fields = REQUEST, ends = false): Promise<[TestClientStream, TestServerStream]> {
    const before = this.accepted.length;
    const stream = this.start(fields, ends);
    await this.settle();
    const accepted = this.accepted[before];
    assert.ok(accepted !== undefined && this.accepted.length === before + 1, 'the server has accepted it');
    return [stream, accepted];
  }

  /** Moves bytes until nothing moves any more. */
  async settle(): Promise<void> {
    do await turn();
    while (this.toServer() + this.toClient() > 0);
    await turn();
  }

  /** What the client has written arrives. @returns the number of bytes */
  toServer(): number {
    return move(this.clientSocket, this.server, this.client, this.chunks);
  }

  toClient(): number {
    return move(this.serverSocket, this.client, this.server, this.chunks);
  }

  /** The frames that have arrived at the client so far. */
  get framesToClient(): Frame[] {
    return framesOf(Buffer.concat(this.serverSocket.history));
  }

  get framesToServer(): Frame[] {
    return framesOf(Buffer.concat(this.clientSocket.history).subarray(PREFACE.length));
  }

  /** The network is gone. */
  cut(): void {
    this.client.onSocketEnd('cut');
    this.server.onSocketEnd('cut');
  }

  accept(session: ServerSession, head: RequestHead): ServerStream {
    const stream = new TestServerStream(session, head);
    this.accepted.push(stream);
    this.onAccept(stream);
    return stream;
  }
  onSettled(): void {
    this.log.push('settled');
  }
  onRoom(): void {}
  onAging(): void {
    this.log.push('client aging');
  }

  onGoaway(_session: ClientSession, code: number, debug: string): void {
    this.log.push(`goaway ${code} ${debug}`);
  }
  onEnded(session: ClientSession | ServerSession, why: string): void {
    this.log.push(`${session === this.client ? 'client' : 'server'} ended: ${why}`);
  }
  onIdleChange(_session: ServerSession, idle: boolean): void {
    this.log.push(idle ? 'idle' : 'busy');
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Reader {
  readonly ended: boolean;
  onChunk(chunk: Buffer): void;
  onSocketEnd(why: string): void;
}

/** The peer reads all that the kernel has taken, and its end; then the kernel has room for as much again. */
function move(from: FakeSocket, to: Reader, sender: { onSocketDrain(): void }, chunks: readonly number[]): number {
  const bytes = from.read();
  for (const chunk of chunked(bytes, chunks)) to.onChunk(chunk);
  if (from.drain(bytes.length)) sender.onSocketDrain();
  if (from.ended && from.writableLength === 0 && bytes.length === 0 && !to.ended) to.onSocketEnd('closed by the peer');
  return bytes.length;
}
