import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.js';

/** Far above any registration. */
const MAX_BODY_BYTES = 512 * 1024;

/** The whole body as text. @throws HttpError 413 above half a MiB; rejects when the client goes away */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > MAX_BODY_BYTES)
      throw new HttpError(413, `Request body too large, max size: ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
