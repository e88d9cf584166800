import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Consul server under test, on ports of its own. */
export interface ConsulProcess {
  /** `http://host:port`. */
  readonly address: string;
  readonly host: string;
  /** Kills it as a crash would and waits until it is gone; data on disk stays. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and waits until it serves. */
  restart(): Promise<void>;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

/** What to start. */
export interface ConsulProcessOptions {
  /** Path of the program. */
  readonly bin: string;
  /** False: development mode, which loses everything in a restart. */
  readonly persistent?: boolean;
  readonly host?: string;
  /** More configuration, as Consul's JSON has it. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** All ports; default: free ones. */
  readonly ports?: ConsulPorts;
  /** Default true: wait until there is a leader. */
  readonly awaitLeader?: boolean;
}

/** The ports a server needs. */
export interface ConsulPorts {
  readonly http: number;
  readonly server: number;
  readonly serf_lan: number;
  readonly serf_wan: number;
}

interface Skippable {
  skip(): never;
}

/**
 * The program in `variable`, for a mocha hook. Without it the suite is skipped with what to do about it; an absent required
 * server is an error under `CI=true`.
 */
export function requireConsul(
  context: Skippable,
  variable: 'CONSUL_BIN' | 'CONSUL_CURRENT_BIN' = 'CONSUL_BIN',
): string {
  const bin = process.env[variable];
  if (bin !== undefined && bin !== '') return bin;
  const required = variable === 'CONSUL_BIN';
  const name = required ? 'consul' : 'consul-current';
  const reason = process.env[`BREAKWATER_ABSENT_${name.toUpperCase().replace('-', '_')}`] ?? `${variable} is not set`;
  const ci = !['', '0', 'false', 'no'].includes((process.env['CI'] ?? '').toLowerCase());
  if (required && ci) throw new Error(`the required server '${name}' is absent: ${reason}`);
  console.log(
    required ? `skipped: ${name}: run npm test -- --install-servers (${reason})` : `absent: ${name}, ${reason}`,
  );
  return context.skip();
}

/** Starts one server and waits until it serves. */
export async function startConsul(options: ConsulProcessOptions): Promise<ConsulProcess> {
  const host = options.host ?? '127.0.0.1';
  const ports = options.ports ?? (await freePorts(host));
  const dir = mkdtempSync(join(tmpdir(), 'breakwater-consul-'));
  writeFileSync(join(dir, 'config.json'), JSON.stringify(configOf(options, host, ports, dir)));
  const server = new Server(options, host, ports, dir);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Starts three servers that form a cluster, on 127.0.0.1, .2 and .3 with the same ports. */
export async function startCluster(bin: string): Promise<readonly ConsulProcess[]> {
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  const ports = await freePorts('127.0.0.1');
  const config = {
    bootstrap_expect: 3,
    retry_join: hosts.map((host) => `${host}:${ports.serf_lan}`),
    retry_interval: '200ms',
  };
  const starting = hosts.map((host) =>
    startConsul({
      bin,
      host,
      ports,
      persistent: true,
      config: { ...config, node_name: `node-${host}` },
      awaitLeader: true,
    }),
  );
  const started = await Promise.allSettled(starting);
  const failed = started.find((result) => result.status === 'rejected');
  const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failed.reason;
}

/** Polls until `attempt` returns something else than undefined. Rejects after 30 s with `what` and the last error. */
export async function eventually<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = Date.now() + 30_000;
  let last: unknown;
  while (Date.now() < giveUpAt) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not seen in 30 s: ${what}`, { cause: last });
}

/** Host and server port of the leader that the server at `address` knows; undefined while there is none. */
export async function leaderOf(address: string): Promise<string | undefined> {
  const answer = await fetch(`${address}/v1/status/leader`, { signal: AbortSignal.timeout(2_000) });
  const leader: unknown = answer.ok ? await answer.json() : '';
  return typeof leader === 'string' && leader !== '' ? leader : undefined;
}

class Server implements ConsulProcess {
  readonly address: string;
  private child: ChildProcess | undefined;
  private readonly endWithUs = (): void => void this.child?.kill('SIGKILL');

  constructor(
    private readonly options: ConsulProcessOptions,
    readonly host: string,
    ports: ConsulPorts,
    private readonly dir: string,
  ) {
    this.address = `http://${host}:${ports.http}`;
    process.once('exit', this.endWithUs);
  }

  async restart(): Promise<void> {
    const { bin, persistent, awaitLeader } = this.options;
    const args = ['agent', ...(persistent === true ? [] : ['-dev']), '-config-file', join(this.dir, 'config.json')];
    const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let log = '';
    let exited: string | undefined;
    const keep = (chunk: Buffer): void => void (log = (log + chunk.toString()).slice(-4_000));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', (error) => (exited = error.message));
    child.once('exit', (code, signal) => (exited = `exit ${code ?? signal}`));
    await eventually('consul to serve', async () => {
      if (exited !== undefined) return exited;
      return (awaitLeader ?? true)
        ? leaderOf(this.address)
        : (await fetch(`${this.address}/v1/agent/self`)).ok || undefined;
    });
    if (exited !== undefined) throw new Error(`consul ended while starting (${exited}):\n${log}`);
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  async stop(): Promise<void> {
    await this.kill();
    process.removeListener('exit', this.endWithUs);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function configOf(
  { bin, persistent, config }: ConsulProcessOptions,
  host: string,
  ports: ConsulPorts,
  dir: string,
): object {
  // Newer agents open one more port; older ones refuse to hear of it.
  const modern = /Consul v1\.(1[4-9]|[2-9]\d)/.test(spawnSync(bin, ['version'], { encoding: 'utf8' }).stdout);
  return {
    ...{
      bind_addr: host,
      client_addr: host,
      log_level: 'warn',
      leave_on_terminate: false,
      performance: { raft_multiplier: 1 },
    },
    ports: { ...ports, dns: -1, grpc: -1, https: -1, ...(modern ? { grpc_tls: -1 } : {}) },
    ...(persistent === true ? { server: true, bootstrap_expect: 1, data_dir: join(dir, 'data') } : {}),
    ...config,
  };
}

/** Ports that were free a moment ago on every loopback address we use. */
async function freePorts(host: string): Promise<ConsulPorts> {
  const servers = [0, 0, 0, 0].map(() => createServer());
  const found = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, host, () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [http = 0, server = 0, serf_lan = 0, serf_wan = 0] = found;
  return { http, server, serf_lan, serf_wan };
}
