import { createServer, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** What the server answers to `grpc.health.v1.Health/Check`. */
export type HealthAnswer =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'trailers_only'; readonly code: number; readonly message: string }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'silent' };

/** A gRPC health server by hand, so that the probe is tested without a gRPC library. */
export interface HealthServer {
  readonly address: string;
  answer: HealthAnswer;
  /** Names asked for, in order. */
  readonly asked: readonly string[];
  readonly sessions: number;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startHealthServer(): Promise<HealthServer> {
  const server = createServer();
  const sessions = new Set<Http2Session>();
  const asked: string[] = [];
  const state: { answer: HealthAnswer } = { answer: { kind: 'status', status: 1 } };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      // Frame header of five bytes, field key, length, name.
      asked.push(Buffer.concat(chunks).subarray(7).toString());
      const { answer } = state;
      if (answer.kind === 'silent') return;
      if (answer.kind === 'http') return stream.respond({ ':status': answer.status }, { endStream: true });
      if (answer.kind === 'trailers_only') {
        const headers = {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': String(answer.code),
          'grpc-message': encodeURIComponent(answer.message),
        };
        return stream.respond(headers, { endStream: true });
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(
        answer.kind === 'bytes'
          ? answer.bytes
          : Buffer.from(answer.status === 0 ? [0, 0, 0, 0, 0] : [0, 0, 0, 0, 2, 8, answer.status]),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get answer() {
      return state.answer;
    },
    set answer(next) {
      state.answer = next;
    },
    get sessions() {
      return sessions.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}
