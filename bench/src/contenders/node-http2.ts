import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { CA, CERTIFICATE, KEY, SERVER_NAME } from './certificates.js';
import type { Sides } from './contender.js';
import { encodedRequest, encodedResponse } from './socket/messages.js';
import { HOST, METADATA, TIMEOUT_MS } from './workload.js';

const GRPC_PREFIX_BYTES = 5;

/** A gRPC message: not compressed, length, bytes. */
function framed(body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(GRPC_PREFIX_BYTES + body.length);
  message[0] = 0;
  message.writeUInt32BE(body.length, 1);
  message.set(body, GRPC_PREFIX_BYTES);
  return message;
}

const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const REQUEST_HEADERS = {
  ':method': 'POST',
  te: 'trailers',
  'content-type': 'application/grpc',
  'grpc-timeout': `${TIMEOUT_MS}m`,
  ...METADATA,
};
const UNARY_PATH = '/shop.payments.v1.Payments/Authorize';
const PAYLOAD_PATH = '/bench.v1.Load/Unary';

/** Everything that a stream delivers, once it has ended. */
function bodyOf(stream: http2.Http2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const only = chunks[0];
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
      })
      .on('error', reject);
  });
}

async function respond(stream: http2.ServerHttp2Stream, path: string): Promise<void> {
  const request = await bodyOf(stream);
  stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(path === PAYLOAD_PATH ? request : ANSWER);
}

const REQUEST = encodedRequest();
const ANSWER = framed(encodedResponse());
/** As large as the ones that gRPC libraries announce for themselves: the default of 64 KB would throttle large messages. */
const settings: http2.Settings = { initialWindowSize: 4 * 1024 * 1024 };

/** Node's HTTP/2 with gRPC's headers and bytes, and no library, codec or deadline. */
export const nodeHttp2: Sides = {
  async serve({ tls }) {
    const sessions = new Set<http2.ServerHttp2Session>();
    const server = tls
      ? http2.createSecureServer({ cert: CERTIFICATE, key: KEY, settings })
      : http2.createServer({ settings });
    server.on('session', (session) => {
      sessions.add(session);
      session.setLocalWindowSize(16 * 1024 * 1024);
      session.once('close', () => sessions.delete(session));
    });
    server.on('stream', (stream, headers) => {
      respond(stream, String(headers[':path'])).catch(() => stream.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        for (const session of sessions) session.destroy();
        server.close();
      },
    };
  },
  async connect(port, { tls }) {
    const session = tls
      ? http2.connect(`https://${HOST}:${port}`, { ca: CA, servername: SERVER_NAME, settings })
      : http2.connect(`http://${HOST}:${port}`, { settings });
    await once(session, 'connect');
    session.setLocalWindowSize(16 * 1024 * 1024);
    const call = (path: string, body: Uint8Array): Promise<Buffer> => {
      const stream = session.request({ ...REQUEST_HEADERS, ':path': path });
      stream.end(framed(body));
      return bodyOf(stream);
    };
    return {
      unary: () => call(UNARY_PATH, REQUEST),
      payload: async (data) => (await call(PAYLOAD_PATH, data)).length - GRPC_PREFIX_BYTES,
      close: async () => session.destroy(),
    };
  },
};
