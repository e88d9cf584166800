import { createServer, type AddressInfo } from 'node:net';
import { systemClock } from '@breakwater/core';
import { HeaderField } from './hpack/header-field.js';
import { beginHeaders, endHeaders } from './http2/header-frames.js';
import { ServerSession, type ServerSessionOwner, ServerStream } from './http2/server-session.js';

/** A server that speaks HTTP/2 without gRPC on it. */
export interface PlainHttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The HTTP/2 of this package with the plainest of handlers: every request that has ended is answered 200 with `body`. For
 * suites that test HTTP/2 itself, which know nothing of gRPC.
 */
export async function servePlainHttp(body: Buffer): Promise<PlainHttpServer> {
  const owner: ServerSessionOwner = {
    accept: (session) => new Answer(session, body),
    onEnded: () => {},
    onIdleChange: () => {},
    onDefect: (error) => {
      throw error;
    },
  };
  const server = createServer({ noDelay: true }, (socket) => {
    const session = new ServerSession({ ...OPTIONS, socket, clock: systemClock }, owner);
    socket.on('data', (chunk: Buffer) => session.onChunk(chunk));
    socket.on('drain', () => session.onSocketDrain());
    socket.on('error', (error) => session.onSocketEnd(error.message));
    socket.on('close', () => session.onSocketClosed('it was closed'));
    session.greet();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const OPTIONS = {
  secure: false,
  maxHeaderBytes: 16 * 1024,
  maxBufferedBytes: 16 * 1024 * 1024,
  maxConcurrentStreams: 100,
  minPingIntervalMs: 0,
  handshakeTimeoutMs: 10_000,
};

const STATUS = new HeaderField(':status', '200');

class Answer extends ServerStream {
  constructor(
    private readonly session: ServerSession,
    private readonly body: Buffer,
  ) {
    super();
  }

  onOpen(): void {
    if (this.remoteClosed) this.session.runAfterChunk(this);
  }

  onData(_bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (endStream) {
      this.session.remoteEnd(this);
      this.session.runAfterChunk(this);
    } else this.session.consume(this, end - start);
  }

  run(): void {
    const { session } = this;
    const at = beginHeaders(session.out);
    session.encoder.begin(session.out);
    session.encoder.field(STATUS, session.out);
    endHeaders(session.out, at, this.id, false, session.peerMaxFrame);
    this.tail = 'end';
    session.enqueue(this, this.body);
  }

  onReset(): void {}
  onConnectionLost(): void {}
  onWritten(): void {}
  writeTrailers(): void {}
}
