/** The real servers and foreign peers that integration tests run against; `npm test` fetches them. */
export type ServerName =
  | 'consul'
  | 'consul-current'
  | 'python-grpc'
  | 'nginx'
  | 'haproxy'
  | 'nghttp2'
  | 'h2spec'
  | 'connect-conformance'
  | 'grpcurl'
  | 'grpc-go-interop';

interface Server {
  /** The variable that holds the path of its program. */
  readonly variable: string;
  readonly required: boolean;
}

const SERVERS: Readonly<Record<ServerName, Server>> = {
  consul: { variable: 'CONSUL_BIN', required: true },
  'consul-current': { variable: 'CONSUL_CURRENT_BIN', required: false },
  'python-grpc': { variable: 'BREAKWATER_PYTHON', required: true },
  nginx: { variable: 'NGINX_BIN', required: true },
  haproxy: { variable: 'HAPROXY_BIN', required: true },
  nghttp2: { variable: 'NGHTTP_BIN', required: true },
  h2spec: { variable: 'H2SPEC_BIN', required: false },
  'connect-conformance': { variable: 'CONNECT_CONFORMANCE_BIN', required: false },
  grpcurl: { variable: 'GRPCURL_BIN', required: false },
  'grpc-go-interop': { variable: 'GRPC_GO_INTEROP_CLIENT_BIN', required: false },
};

/** The part of a mocha context that skips: pass `this` of a `before(function () { … })`. */
export interface Skippable {
  skip(): never;
}

/**
 * The path of a server's program, for a mocha hook; without it the whole suite is skipped, visibly, with what to do about it.
 *
 * ```ts
 * before(function () { consulBin = requireServer(this, 'consul') })
 * ```
 * @param env where to look; the test runner sets the variables
 * @throws Error under `CI=true` when a required server is absent: there it must not be skipped
 */
export function requireServer(context: Skippable, name: ServerName, env: NodeJS.ProcessEnv = process.env): string {
  const { variable, required } = SERVERS[name];
  const path = env[variable];
  if (path !== undefined && path !== '') return path;
  const reason = env[`BREAKWATER_ABSENT_${name.toUpperCase().replaceAll('-', '_')}`] ?? `${variable} is not set`;
  const ci = !['', '0', 'false', 'no'].includes((env['CI'] ?? '').toLowerCase());
  if (required && ci) throw new Error(`the required server '${name}' is absent: ${reason}`);
  console.log(
    required ? `skipped: ${name}: run npm test -- --install-servers (${reason})` : `absent: ${name}, ${reason}`,
  );
  return context.skip();
}

/** Programs beside those that `requireServer` gives. */
export type ServerTool =
  | 'BREAKWATER_PROTOC'
  | 'BREAKWATER_GRPC_PYTHON_PLUGIN'
  | 'H2LOAD_BIN'
  | 'GRPC_GO_INTEROP_SERVER_BIN';

/**
 * The path of another program that belongs to a server, such as `BREAKWATER_PROTOC` beside `python-grpc`.
 * @throws Error when the runner did not set the variable; call `requireServer` first
 */
export function serverTool(variable: ServerTool, env: NodeJS.ProcessEnv = process.env): string {
  const path = env[variable];
  if (path === undefined || path === '')
    throw new Error(`${variable} is not set: the test runner sets it together with its server`);
  return path;
}
