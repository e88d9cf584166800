import { createServer, type Server, type Socket } from 'node:net';

/** What a server that is no good Consul does with one request. */
export type Behaviour =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Sends headers and half of a body, then closes. */
  | { readonly kind: 'truncated' }
  /** Takes the request and says nothing, ever: a half-open connection. */
  | { readonly kind: 'silent' }
  /** Sends the headers and then nothing more. */
  | { readonly kind: 'stalled_body' }
  /** Closes as soon as the request is there. */
  | { readonly kind: 'hang_up' }
  /** Closes on one request and does better from the next on. */
  | { readonly kind: 'hang_up_once'; readonly next: Behaviour }
  /** Answers in another protocol. */
  | { readonly kind: 'garbage' };

/** A raw server that behaves badly on purpose. `behaviour` may be replaced at any time. */
export interface BadConsul {
  readonly address: string;
  readonly port: number;
  behaviour: Behaviour;
  /** Request lines as they came, such as `GET /v1/health/service/payments?stale=1 HTTP/1.1`. */
  readonly requests: readonly string[];
  /** Connections that are open now. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startBadConsul(behaviour: Behaviour): Promise<BadConsul> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const bad = { behaviour };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        requests.push(head.split('\r\n')[0] ?? '');
        text = text.slice(end + 4 + length);
        const { behaviour } = bad;
        if (behaviour.kind === 'hang_up_once') bad.behaviour = behaviour.next;
        misbehave(socket, behaviour);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    address: `http://127.0.0.1:${port}`,
    port,
    requests,
    get behaviour() {
      return bad.behaviour;
    },
    set behaviour(next) {
      bad.behaviour = next;
    },
    get connections() {
      return sockets.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function misbehave(socket: Socket, behaviour: Behaviour): void {
  switch (behaviour.kind) {
    case 'http': {
      const { body, contentType, headers = {}, status } = behaviour;
      const lines = Object.entries({
        'content-type': contentType,
        'content-length': String(Buffer.byteLength(body)),
        ...headers,
      });
      socket.write(
        `HTTP/1.1 ${status} Whatever\r\n${lines.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n${body}`,
      );
      return;
    }
    case 'truncated':
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n[{"Node":');
      return;
    case 'stalled_body':
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n[');
      return;
    case 'hang_up':
    case 'hang_up_once':
      socket.destroy();
      return;
    case 'garbage':
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
      return;
    case 'silent':
      return;
  }
}
