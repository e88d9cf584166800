import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Attributes, Call, Clock } from '@breakwater/core';
import { type Address, type Listener, type ListenOptions, type ServedMethod, type ServerLimits } from '@breakwater/rpc';
import { bind, DeadlineWheel } from '@breakwater/rpc/transport-kit';
import { MemoryBudget } from '../http2/memory-budget.js';
import type { RequestHead } from '../http2/request-head.js';
import { ServerSession, type ServerSessionOwner, type ServerStream } from '../http2/server-session.js';
import { Keepalive } from '../keepalive.js';
import { reportDefect } from '../system-defect.js';
import { ServerPems } from '../tls/server-pems.js';
import { tellOfPems } from '../tls/system-news.js';
import { Acceptor } from './accept.js';
import { ConnectionAge } from './connection-age.js';
import { peerAttributes } from './peer-attributes.js';
import type { ServerCall, ServerHost } from './server-call.js';

/** How long a drained or closed server waits for connections whose calls are over. */
const LINGER_MS = 1000;

/** What the transport sets for its listeners beyond what the seam says. */
export interface WireServerSettings {
  readonly maxBufferedBytes: number;
  readonly maxServerBufferedBytes: number;
  readonly minPingIntervalMs: number;
  readonly handshakeTimeoutMs: number;
  readonly certificateReloadMs: number;
}

/** What a listener keeps of a connection. */
interface Served {
  readonly session: ServerSession;
  readonly attributes: Attributes;
  readonly age: ConnectionAge;
  readonly keepalive: Keepalive | undefined;
}

/** A server socket with its HTTP/2 connections and the calls on them. */
export class WireListener implements Listener, ServerHost, ServerSessionOwner {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly wheel: DeadlineWheel;
  private readonly server: Server;
  private secure: { readonly server: TlsServer; readonly pems: ServerPems } | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly sessions = new Map<ServerSession, Served>();
  private readonly calls: ServerCall[] = [];
  private readonly acceptor: Acceptor;
  private readonly budget: MemoryBudget;
  private draining = false;
  private drained: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private released: Promise<void> | undefined;
  private onIdle: (() => void) | undefined;
  private bound: Address = { host: '', port: 0 };

  /** @throws ConfigError for unusable PEMs */
  constructor(
    private readonly options: ListenOptions,
    private readonly settings: WireServerSettings,
    methods: ReadonlyMap<string, ServedMethod>,
  ) {
    this.name = options.name;
    this.clock = options.runtime.clock;
    this.limits = options.limits;
    this.wheel = new DeadlineWheel(this.clock);
    this.budget = new MemoryBudget(settings.maxServerBufferedBytes);
    this.acceptor = new Acceptor(this, methods);
    this.server = this.createServer();
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  get address(): Address {
    return this.bound;
  }

  get inFlight(): number {
    return this.calls.length;
  }

  /** @throws ListenError */
  async listen(): Promise<void> {
    this.bound = await bind(this.server, this.options.host, this.options.port);
    this.watchPems();
  }

  drain(): Promise<void> {
    this.drained ??= this.runDrain();
    return this.drained;
  }

  close(): Promise<void> {
    this.closed ??= this.runClose();
    return this.closed;
  }

  // What calls tell

  enter(call: ServerCall): void {
    call.hostIndex = this.calls.push(call) - 1;
  }

  leave(call: ServerCall): void {
    if (this.calls[call.hostIndex] !== call) return;
    const last = this.calls.pop();
    if (last !== undefined && last !== call) {
      this.calls[call.hostIndex] = last;
      last.hostIndex = call.hostIndex;
    }
    if (this.calls.length === 0) this.onIdle?.();
  }

  onCallDefect(call: Call, error: unknown): void {
    const { events } = this.options.runtime;
    if (events.listening) events.emit({ type: 'defect', policy: 'recover', call, error });
  }

  // What sessions tell

  accept(session: ServerSession, head: RequestHead): ServerStream {
    const { attributes } = this.sessions.get(session) as Served;
    return this.acceptor.accept(session, head, attributes);
  }

  onIdleChange(session: ServerSession, idle: boolean): void {
    this.sessions.get(session)?.age.onIdleChange(idle);
  }

  onEnded(session: ServerSession): void {
    const served = this.sessions.get(session);
    if (served === undefined) return;
    this.sessions.delete(session);
    served.age.stop();
    served.keepalive?.stop();
  }

  onDefect(error: unknown): void {
    reportDefect(error);
  }

  // Connections

  private createServer(): Server {
    const { tls } = this.options;
    if (tls === undefined) return createServer({ noDelay: true }, (socket) => this.onSocket(socket));
    const pems = new ServerPems(tls, this.clock, this.settings.certificateReloadMs);
    const server = createTlsServer(
      {
        ...pems.options,
        noDelay: true,
        ALPNProtocols: ['h2'],
        handshakeTimeout: this.settings.handshakeTimeoutMs,
        ...(tls.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
      },
      (socket) => this.onSocket(socket),
    );
    // A client that fails the handshake has been told by TLS itself.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.secure = { server, pems };
    return server;
  }

  private watchPems(): void {
    if (this.secure === undefined) return;
    const { server, pems } = this.secure;
    pems.watch((news) => {
      // Connections that are open go on with what they began with.
      if (news.outcome === 'used') server.setSecureContext(pems.options);
      tellOfPems(this.options.runtime.events, this.name, news);
    });
  }

  private onSocket(socket: Socket | TLSSocket): void {
    const { clock, limits, settings } = this;
    const secure = 'alpnProtocol' in socket;
    if (this.draining || (secure && socket.alpnProtocol !== 'h2')) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const session = new ServerSession(
      {
        socket,
        clock,
        secure,
        maxHeaderBytes: limits.maxHeaderBytes,
        maxConcurrentStreams: limits.maxConcurrentStreams,
        maxBufferedBytes: settings.maxBufferedBytes,
        sharedBudget: this.budget,
        minPingIntervalMs: settings.minPingIntervalMs,
        handshakeTimeoutMs: settings.handshakeTimeoutMs,
      },
      this,
    );
    const { keepaliveTimeMs, keepaliveTimeoutMs } = limits;
    this.sessions.set(session, {
      session,
      attributes: peerAttributes(socket, this.options.tls?.clientCa !== undefined),
      age: new ConnectionAge(session, limits, clock, this.options.runtime.random),
      keepalive:
        keepaliveTimeMs === Number.POSITIVE_INFINITY
          ? undefined
          : new Keepalive(session, { timeMs: keepaliveTimeMs, timeoutMs: keepaliveTimeoutMs, whenIdle: true }, clock),
    });
    socket.on('data', (chunk: Buffer) => session.onChunk(chunk));
    socket.on('drain', () => session.onSocketDrain());
    socket.on('error', (error) => session.onSocketEnd(error.message));
    socket.on('end', () => session.onSocketEnd('the client closed it'));
    socket.on('close', () => session.onSocketClosed('it was closed'));
    session.greet();
  }

  // Ends

  /** GOAWAY lets the calls in flight finish; after them, connections that nobody closes do not hold the drain up. */
  private async runDrain(): Promise<void> {
    this.draining = true;
    const released = this.stopListening();
    for (const session of [...this.sessions.keys()]) session.drain('the server is shutting down');
    if (this.calls.length > 0) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    await this.atMost(released, LINGER_MS);
  }

  private async runClose(): Promise<void> {
    this.draining = true;
    const released = this.stopListening();
    for (const session of [...this.sessions.keys()]) session.close('the server was closed');
    // What was just written has a moment to leave; whatever is left then is cut.
    await this.atMost(released, 50);
    for (const socket of this.sockets) socket.destroy();
    await this.atMost(released, LINGER_MS);
    this.onIdle?.();
  }

  /** Settles when the port is free and every socket is gone. */
  private stopListening(): Promise<void> {
    this.secure?.pems.stop();
    this.released ??= new Promise((resolve) => {
      if (this.server.listening) this.server.close(() => resolve());
      else resolve();
    });
    return this.released;
  }

  private atMost(work: Promise<unknown>, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(limitMs, resolve);
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
