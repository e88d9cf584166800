import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { Server, ServerCredentials, type ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { fail, type Call, type Clock } from '@breakwater/core';
import {
  type Address,
  type Listener,
  type ListenOptions,
  type Method,
  type ServedMethod,
  type ServerLimits,
  unknownMethodStatus,
} from '@breakwater/rpc';
import { bind, readServerTls } from '@breakwater/rpc/transport-kit';
import { serverOptions } from './channel-options.js';
import { answerUnknownPaths } from './internals.js';
import { ServerCall, type ServerHost } from './server-call.js';

/** How long a drained or closed server waits for sockets whose calls are over. */
const LINGER_MS = 1000;

const identity = (bytes: Buffer): Buffer => bytes;
const unused = (): void => {};
const TYPE = { unary: 'unary', client_stream: 'clientStream', server_stream: 'serverStream', bidi: 'bidi' } as const;

/** A grpc-js server behind a socket server of our own: that one knows why it cannot listen, and what is still open. */
export class GrpcListener implements Listener, ServerHost {
  readonly name: string;
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly verifiesClients: boolean;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly tcp: TcpServer;
  private readonly calls: ServerCall[] = [];
  private drained: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private onIdle: (() => void) | undefined;
  private bound: Address = { host: '', port: 0 };

  /** @throws ConfigError for unusable PEMs */
  constructor(
    private readonly options: ListenOptions,
    private readonly methods: ReadonlyMap<string, ServedMethod>,
  ) {
    this.name = options.name;
    this.clock = options.runtime.clock;
    this.limits = options.limits;
    this.verifiesClients = options.tls?.clientCa !== undefined;
    const credentials = serverCredentials(options);
    this.server = new Server({ ...serverOptions(options.limits), interceptors: [this.takeOver] });
    for (const { method } of methods.values())
      this.server.register(method.path, unused, identity, identity, TYPE[method.kind]);
    answerUnknownPaths(this.server, identity);
    const injector = this.server.createConnectionInjector(credentials);
    this.tcp = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      injector.injectConnection(socket);
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
    try {
      this.bound = await bind(this.tcp, this.options.host, this.options.port);
    } catch (error) {
      this.server.forceShutdown();
      throw error;
    }
  }

  drain(): Promise<void> {
    this.drained ??= this.runDrain();
    return this.drained;
  }

  close(): Promise<void> {
    this.closed ??= this.runClose();
    return this.closed;
  }

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

  onDefect(call: Call, error: unknown): void {
    const { events } = this.options.runtime;
    if (events.listening) events.emit({ type: 'defect', policy: 'recover', call, error });
  }

  /** GOAWAY lets the calls in flight finish; after them, sockets that nobody closes do not hold the drain up. */
  private async runDrain(): Promise<void> {
    const released = this.stopListening();
    const sessionsClosed = new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    const idle = new Promise<void>((resolve) => {
      if (this.calls.length === 0) resolve();
      this.onIdle = resolve;
    });
    await Promise.race([sessionsClosed, idle.then(() => this.atMost(Promise.all([sessionsClosed, released])))]);
  }

  private async runClose(): Promise<void> {
    const released = this.stopListening();
    this.server.forceShutdown();
    // Sessions that were just ended still have a GOAWAY to write; whatever is left then is cut.
    await this.atMost(released, 50);
    for (const socket of this.sockets) socket.destroy();
    await this.atMost(released);
    this.onIdle?.();
  }

  /** Settles when the port is free and every socket is gone. */
  private stopListening(): Promise<void> {
    return new Promise((resolve) => {
      if (this.sockets.size === 0 && !this.tcp.listening) resolve();
      else {
        this.tcp.once('close', resolve);
        if (this.tcp.listening) this.tcp.close();
      }
    });
  }

  private atMost(work: Promise<unknown>, limitMs = LINGER_MS): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(limitMs, resolve);
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** A server interceptor that keeps the call to itself: grpc-js' own handler, `unused`, never hears of it. */
  private readonly takeOver: ServerInterceptor = ({ path }, grpcCall) => {
    const call = new ServerCall(this, this.methods.get(path) ?? this.unknown(path), grpcCall);
    // grpc-js calls nothing but `start` on the outermost interceptor's call.
    return { start: () => call.start() } as unknown as ServerInterceptingCall;
  };

  private unknown(path: string): ServedMethod {
    const status = unknownMethodStatus(path, [...this.methods.keys()]);
    return { method: unknownMethod(path), handler: () => Promise.resolve(fail({ ...status, origin: 'local' })) };
  }
}

function serverCredentials(options: ListenOptions): ServerCredentials {
  if (options.tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, clientCa } = readServerTls(options.tls);
  return ServerCredentials.createSsl(
    clientCa ?? null,
    [{ private_key: key, cert_chain: cert }],
    clientCa !== undefined,
  );
}

/** Bidi: the answer does not wait for a request message. */
const unknownMethod = (path: string): Method => ({
  key: path,
  path,
  service: '',
  method: path,
  kind: 'bidi',
  idempotency: 'unknown',
  encodeRequest: () => EMPTY,
  decodeRequest: () => undefined,
  encodeResponse: () => EMPTY,
  decodeResponse: () => undefined,
});

const EMPTY = new Uint8Array();
