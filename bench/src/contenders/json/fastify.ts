import { fastify } from 'fastify';
import { Pool } from 'undici';
import { CA, CERTIFICATE, KEY, SERVER_NAME } from '../certificates.js';
import type { Setup, Sides } from '../contender.js';
import { HOST, METADATA, TIMEOUT_MS } from '../workload.js';
import { JSON_REQUEST, JSON_RESPONSE, RESPONSE_SCHEMA } from './messages.js';

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
/** What took the least CPU and gave the most calls, of 1 to 256 connections with 64 and with 256 calls in flight. */
const MOST_CONNECTIONS = 32;
const AUTHORIZE = '/payments/authorize';
const ECHO = '/load/unary';

/** A connection per call in flight, up to a bound; more calls than connections are pipelined. */
function poolSize({ inFlight, connections }: Setup): { readonly connections: number; readonly pipelining: number } {
  const each = Math.max(1, Math.ceil(inFlight / connections));
  const size = Math.min(each, MOST_CONNECTIONS);
  return { connections: size, pipelining: Math.ceil(each / size) };
}

/** JSON over HTTP/1.1 with keep-alive: fastify with a response schema, undici's pool. Bytes go as bytes, not as base64. */
export const fastifyUndici: Sides = {
  async serve({ tls }) {
    // `https: null` is plaintext.
    const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, https: tls ? { cert: CERTIFICATE, key: KEY } : null });
    app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    app.post(AUTHORIZE, { schema: { response: { 200: RESPONSE_SCHEMA } } }, async () => JSON_RESPONSE);
    app.post(ECHO, async ({ body }, reply) => reply.type('application/octet-stream').send(body));
    const address = await app.listen({ host: HOST, port: 0 });
    return {
      port: Number(new URL(address).port),
      close: async () => {
        app.server.closeAllConnections();
        await app.close();
      },
    };
  },
  async connect(port, setup) {
    const pool = new Pool(`${setup.tls ? 'https' : 'http'}://${HOST}:${port}`, {
      ...poolSize(setup),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(setup.tls ? { connect: { ca: CA, servername: SERVER_NAME } } : {}),
    });
    const post = async (path: string, type: string, sent: string | Buffer) => {
      const headers = { 'content-type': type, ...METADATA };
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path,
        headers,
        body: sent,
        // Without it a POST is never pipelined.
        idempotent: true,
      });
      if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${await body.text()}`);
      return body;
    };
    return {
      unary: async () => (await post(AUTHORIZE, 'application/json', JSON.stringify(JSON_REQUEST))).json(),
      payload: async (data) => (await (await post(ECHO, 'application/octet-stream', data)).arrayBuffer()).byteLength,
      close: () => pool.destroy(),
    };
  },
};
