import { createServer, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** Answers every `grpc.health.v1.Health/Check` with SERVING or NOT_SERVING: enough for an agent to probe. */
export interface TinyHealthServer {
  readonly port: number;
  serving: boolean;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startTinyHealthServer(): Promise<TinyHealthServer> {
  const server = createServer();
  const sessions = new Set<Http2Session>();
  const state = { serving: true };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, state.serving ? 1 : 2]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get serving() {
      return state.serving;
    },
    set serving(serving) {
      state.serving = serving;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}
