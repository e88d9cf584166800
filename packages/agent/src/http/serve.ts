import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.js';
import { readBody } from './read-body.js';
import type { Answer, Router } from './router.js';

/** Answers one HTTP request. Never rejects: what a route throws becomes an answer. */
export async function serve(router: Router, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  try {
    const url = parseUrl(message.url ?? '/');
    const { route, argument } = router.find(message, url);
    send(response, await route({ argument, query: url.searchParams, gone, body: () => readBody(message) }));
  } catch (error) {
    const failure =
      error instanceof HttpError
        ? error
        : new HttpError(500, `internal error: ${error instanceof Error ? error.message : String(error)}`);
    // A body that nobody read to its end would be taken for the next request.
    if (!message.complete) response.setHeader('connection', 'close');
    respond(
      response,
      failure.status,
      { ...failure.headers, 'content-type': 'text/plain; charset=utf-8' },
      failure.message,
    );
  }
}

function parseUrl(text: string): URL {
  try {
    return new URL(text, 'http://agent');
  } catch {
    throw new HttpError(400, 'malformed request path');
  }
}

function send(response: ServerResponse, { body, headers = {} }: Answer): void {
  if (body === undefined) respond(response, 200, headers, '');
  else respond(response, 200, { ...headers, 'content-type': 'application/json' }, JSON.stringify(body));
}

function respond(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
