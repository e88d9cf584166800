import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type SecureContext } from 'node:tls';
import type { Clock } from '@breakwater/core';
import type { Address } from '@breakwater/rpc';
import { isUnixPath, MAX_UNIX_PATH_BYTES, type Seen, sniOf } from '@breakwater/rpc/transport-kit';
import { ClientSession, type ClientSessionOwner } from '../http2/client-session.js';
import type { SessionSocket } from '../http2/session.js';

/** TLS of one attempt: the key material of now, and the name that the certificate must carry. */
export interface DialSecurity {
  readonly context: SecureContext;
  readonly name: string;
}

export interface DialOptions {
  readonly address: Address;
  readonly security: DialSecurity | undefined;
  readonly clock: Clock;
  readonly maxHeaderBytes: number;
  readonly maxBufferedBytes: number;
  /** The peer has to speak HTTP/2 by then. */
  readonly timeoutMs: number;
  readonly firstStreamId: number;
}

/** Told what comes of an attempt to connect, once. */
export interface Dialing {
  /** The peer speaks HTTP/2. From now on the session tells its owner itself. */
  onConnected(session: ClientSession): void;
  /** @param seen how it ended, for an explanation */
  onFailed(seen: Seen): void;
}

/** SETTINGS, the first frame of every HTTP/2 server. */
const SETTINGS_TYPE = 4;

/** One attempt to connect: from the socket to the peer's SETTINGS. */
export class Dial {
  private over = false;
  private secured = false;
  private session: ClientSession | undefined;
  private readonly socket: Socket;
  private readonly timer: { cancel(): void };
  private first: Buffer = EMPTY;

  constructor(
    private readonly options: DialOptions,
    private readonly owner: ClientSessionOwner,
    private readonly dialing: Dialing,
  ) {
    this.socket = open(options);
    // What waits for an answer keeps the process alive, not the connection it comes by.
    this.socket.unref();
    this.timer = options.clock.setTimer(options.timeoutMs, () => this.fail('silent'), { ref: false });
    this.socket.once(options.security === undefined ? 'connect' : 'secureConnect', () => this.onConnect());
    this.socket.on('data', (chunk: Buffer) => this.onData(chunk));
    this.socket.on('drain', () => this.session?.onSocketDrain());
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.onEnd('error', error));
    this.socket.on('end', () => this.onEnd('closed'));
    this.socket.on('close', () => {
      this.onEnd('closed');
      this.session?.onSocketClosed('it was closed');
    });
  }

  /** Gives the attempt up; nobody is told. */
  cancel(): void {
    if (this.over) return;
    this.settle();
    this.socket.destroy();
  }

  private onConnect(): void {
    this.secured = true;
    const { clock, maxHeaderBytes, maxBufferedBytes, security, firstStreamId } = this.options;
    if (security !== undefined && this.alpn !== 'h2') return this.fail('closed');
    this.socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    const socket: SessionSocket = this.socket;
    this.session = new ClientSession(
      { socket, clock, secure: security !== undefined, maxHeaderBytes, maxBufferedBytes },
      this.owner,
      firstStreamId,
    );
    this.session.greet();
  }

  private onData(chunk: Buffer): void {
    const { session } = this;
    if (session === undefined) return;
    if (!this.over) {
      if (this.first.length < 9) this.first = Buffer.concat([this.first, chunk.subarray(0, 64)]);
      // What is no SETTINGS frame is no HTTP/2: better told in words than as a broken rule.
      if (this.first.length >= 4 && this.first[3] !== SETTINGS_TYPE) return this.fail('answered');
    }
    session.onChunk(chunk);
    if (this.over) return;
    // What came with the SETTINGS may have ended the session: nobody would be told of it again.
    if (session.ended) this.fail('error', new Error(session.endedWhy));
    else if (session.leaving) this.fail('error', new Error('the server said GOAWAY right after its SETTINGS'));
    else if (session.settled) {
      this.settle();
      this.dialing.onConnected(session);
    }
  }

  private onEnd(kind: 'error' | 'closed', error?: NodeJS.ErrnoException): void {
    if (!this.over) return this.fail(this.first.length > 0 && kind === 'closed' ? 'answered' : kind, error);
    const why = error === undefined ? 'it was closed by the peer' : error.message;
    this.session?.onSocketEnd(why);
    this.socket.destroy();
  }

  private fail(kind: Seen['kind'], error?: NodeJS.ErrnoException): void {
    if (this.over) return;
    this.settle();
    this.socket.destroy();
    this.dialing.onFailed({
      kind,
      bytes: this.first,
      error,
      alpn: this.alpn,
      secured: this.secured,
      waitedMs: this.options.timeoutMs,
    });
  }

  private settle(): void {
    this.over = true;
    this.timer.cancel();
  }

  private get alpn(): string | false | null | undefined {
    return 'alpnProtocol' in this.socket ? (this.socket.alpnProtocol as string | false | null) : undefined;
  }
}

/** A peer that vanished without a word is found by the system in the end. */
const TCP_KEEPALIVE_MS = 60_000;
const EMPTY = Buffer.alloc(0);

function open({ address, security }: DialOptions): Socket {
  const where = isUnixPath(address.host)
    ? { path: wholePath(address.host) }
    : { host: address.host, port: address.port };
  if (security === undefined) return connectTcp({ ...where, noDelay: true });
  const { context, name } = security;
  const socket = connectTls({
    ...where,
    secureContext: context,
    servername: sniOf(name),
    ALPNProtocols: ['h2'],
    checkServerIdentity: (_sni, certificate) => checkServerIdentity(name, certificate),
  });
  socket.setNoDelay(true);
  return socket;
}

/** @throws RangeError for a path that the system would cut off, to connect to another socket */
function wholePath(path: string): string {
  if (Buffer.byteLength(path) <= MAX_UNIX_PATH_BYTES) return path;
  throw new RangeError(`the path of a socket has at most ${MAX_UNIX_PATH_BYTES} bytes`);
}
