import { EventEmitter } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { ConfigError, type Clock } from '@breakwater/core';
import Consul from 'consul';
import type { ConsulAddress } from './consul-address.js';
import { ConsulError } from './consul-error.js';
import { describeFailure } from './describe-failure.js';

/** TLS towards the agent; PEM texts or buffers. */
export interface ConsulTls {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Name that the agent's certificate must carry; default: the host of the address. */
  readonly serverName?: string | undefined;
  /** False accepts any certificate: for experiments only. Default true. */
  readonly verify?: boolean | undefined;
}

/** An answer with its headers. */
export interface ConsulAnswer {
  readonly body: unknown;
  readonly headers: http.IncomingHttpHeaders;
}

/** A request under way. */
export interface PendingAnswer {
  /** Rejects with a `ConsulError` only. */
  readonly answer: Promise<ConsulAnswer>;
  /** Ends the request; `answer` rejects with kind `cancelled`. Does nothing once settled. */
  cancel(): void;
}

/** What the client's plain calls take beside their own parameters. */
export interface CallContext extends EventEmitter {
  readonly includeResponse: true;
}

/** How to send one request. */
export interface SendOptions {
  /** From start to the last byte of the answer, ms. */
  readonly timeoutMs: number;
  /** True lets the process exit while it is under way. Default false. */
  readonly background?: boolean | undefined;
}

interface Context extends CallContext {
  readonly background: boolean;
  request: http.ClientRequest | undefined;
  answered: boolean;
}

/** The part of the HTTP client below `consul` that its types leave out. */
interface Internals {
  _ext(event: 'onRequest', extension: (request: OutgoingRequest, next: () => void) => void): void;
}

interface OutgoingRequest {
  readonly ctx?: Context;
  readonly req: http.RequestOptions;
  transport: { request(options: http.RequestOptions): http.ClientRequest };
}

/** What watches and registrations need of a client. */
export type ConsulSender = Pick<ConsulClient, 'address' | 'send'>;

/** No answer of a sane size comes near: 5,000 instances are 6 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * The `consul` client's plain calls, with what they lack: a time limit on our clock that covers the whole answer, an end
 * to answers that stop in the middle (they would hang for ever), a size limit, and errors that can be read.
 */
export class ConsulClient {
  private readonly api: Consul;
  private readonly pending = new Set<Context>();

  constructor(
    readonly address: ConsulAddress,
    private readonly clock: Clock,
    token?: string,
    tls?: ConsulTls,
  ) {
    const { secure, host, port } = address;
    const agent = secure ? httpsAgent(tls) : new http.Agent({ keepAlive: true });
    this.api = new Consul({
      host: host.includes(':') ? `[${host}]` : host,
      port,
      secure,
      agent,
      ...(token === undefined ? {} : { defaults: { token } }),
    });
    // A cast once: the extension point exists in the JavaScript of the client, not in its types.
    (this.api as unknown as Internals)._ext('onRequest', (request, next) => {
      this.prepare(request);
      next();
    });
  }

  /** Sends one request, and once more when a kept-alive connection turns out to have been closed by the agent meanwhile. */
  send(operation: (api: Consul, ctx: CallContext) => Promise<unknown>, options: SendOptions): PendingAnswer {
    let current: { cancel(kind: 'cancelled' | 'timeout'): void } | undefined;
    let ended: 'cancelled' | 'timeout' | undefined;
    const end = (kind: 'cancelled' | 'timeout'): void => {
      ended ??= kind;
      current?.cancel(kind);
    };
    const timer = this.clock.setTimer(options.timeoutMs, () => end('timeout'), { ref: options.background !== true });
    const attempt = async (repeatable: boolean): Promise<ConsulAnswer> => {
      const ctx: Context = Object.assign(new EventEmitter(), {
        includeResponse: true as const,
        background: options.background === true,
        request: undefined,
        answered: false,
      });
      current = { cancel: () => void ctx.emit('cancel') };
      this.pending.add(ctx);
      try {
        return toAnswer(await operation(this.api, ctx));
      } catch (error) {
        if (ended === 'timeout')
          throw new ConsulError(
            'timeout',
            `no complete answer from ${this.address.text} in ${Math.round(options.timeoutMs)} ms`,
          );
        if (ended === 'cancelled') throw new ConsulError('cancelled', 'the request was cancelled');
        const stale =
          (error as { code?: unknown }).code === 'ECONNRESET' && ctx.request?.reusedSocket === true && !ctx.answered;
        if (stale && repeatable) return attempt(false);
        throw describeFailure(error, this.address);
      } finally {
        this.pending.delete(ctx);
      }
    };
    return { answer: attempt(true).finally(() => timer.cancel()), cancel: () => end('cancelled') };
  }

  /** Requests under way; for leak tests. */
  get inFlight(): number {
    return this.pending.size;
  }

  /** Closes idle connections. Requests under way are ended by their owners. */
  destroy(): void {
    this.api.destroy();
  }

  private prepare(request: OutgoingRequest): void {
    const { ctx, transport } = request;
    request.req.hostname = this.address.host;
    request.transport = {
      request: (options) => {
        const sent = transport.request(options);
        if (ctx !== undefined) ctx.request = sent;
        if (ctx?.background === true) sent.on('socket', (socket) => socket.unref());
        sent.on('response', (response) => {
          if (ctx !== undefined) ctx.answered = true;
          guardBody(sent, response);
        });
        return sent;
      },
    };
  }
}

/** Makes an incomplete or endless body an error of the request: by itself it would leave the promise hanging. */
function guardBody(request: http.ClientRequest, response: http.IncomingMessage): void {
  let received = 0;
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received <= MAX_BODY_BYTES) return;
    request.emit(
      'error',
      Object.assign(new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`), { code: 'TOO_LARGE' }),
    );
    request.destroy();
  });
  response.on('close', () => {
    if (!response.complete) request.emit('error', Object.assign(new Error('truncated answer'), { code: 'TRUNCATED' }));
  });
}

function toAnswer(result: unknown): ConsulAnswer {
  // With `includeResponse` every plain call answers [response] or [response, body].
  const [response, body] = result as [http.IncomingMessage & { readonly body?: unknown }, unknown];
  // Calls that should answer nothing leave out what did come; it tells what kind of server this is.
  return { body: body ?? response.body, headers: response.headers };
}

function httpsAgent(tls: ConsulTls = {}): https.Agent {
  const { ca, cert, key, serverName, verify } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    throw ConfigError.rule(
      'consul.tls',
      undefined,
      'consul.tls.cert and consul.tls.key belong together; one of them is missing',
    );
  }
  return new https.Agent({
    keepAlive: true,
    rejectUnauthorized: verify ?? true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}
