import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.js';

/** One request, as routes see it. */
export interface Request {
  /** What stood in the place of `:x` in the route, decoded; may be empty. */
  readonly argument: string;
  readonly query: URLSearchParams;
  /** Reads the body. Rejects with HttpError 413 when it is too large. */
  body(): Promise<string>;
  /** Resolves when the client has gone away. */
  readonly gone: Promise<void>;
}

/** What a route answers; `body` undefined gives an empty answer, a text is sent as it is, anything else as JSON. */
export interface Answer {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @throws HttpError for what the client did wrong */
export type Route = (request: Request) => Answer | Promise<Answer>;

/** `GET /v1/health/service/:name` and the like; the argument takes the rest of the path. */
export type Routes = Readonly<Record<string, Route>>;

interface Compiled {
  readonly prefix: string;
  readonly takesArgument: boolean;
  readonly methods: Map<string, Route>;
}

/** Finds the route of a request by method and path. */
export class Router {
  private readonly paths: Compiled[] = [];

  constructor(routes: Routes) {
    for (const [pattern, route] of Object.entries(routes)) {
      const [method = '', path = ''] = pattern.split(' ');
      const colon = path.indexOf(':');
      const prefix = colon < 0 ? path : path.slice(0, colon);
      let compiled = this.paths.find((one) => one.prefix === prefix && one.takesArgument === colon >= 0);
      if (compiled === undefined) {
        compiled = { prefix, takesArgument: colon >= 0, methods: new Map() };
        this.paths.push(compiled);
      }
      compiled.methods.set(method, route);
    }
  }

  /** @throws HttpError 404 for an unknown path, 405 for a method it does not have */
  find(message: IncomingMessage, url: URL): { readonly route: Route; readonly argument: string } {
    const method = message.method ?? 'GET';
    const found = this.paths.find(({ prefix, takesArgument }) =>
      takesArgument ? url.pathname.startsWith(prefix) : url.pathname === prefix,
    );
    if (found === undefined)
      throw new HttpError(
        404,
        `the embedded agent has no ${url.pathname}; it serves the part of Consul's HTTP API that Breakwater uses`,
      );
    const route = found.methods.get(method);
    if (route === undefined)
      throw new HttpError(405, `method ${method} not allowed`, {
        allow: ['OPTIONS', ...found.methods.keys()].join(','),
      });
    try {
      return { route, argument: decodeURIComponent(url.pathname.slice(found.prefix.length)) };
    } catch {
      throw new HttpError(400, `malformed percent-encoding in ${url.pathname}`);
    }
  }
}
