import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '@breakwater/core';

const HOST = '127.0.0.1';
const ATTEMPTS = 3;
const POLL_MS = 10;
const START_LIMIT_MS = 20_000;

/** A foreign server, running. */
export interface Daemon {
  readonly address: { readonly host: string; readonly port: number };
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

/** How to start one, given a free port and a folder of its own: writes its files and returns its arguments. */
export type Prepare = (port: number, dir: string) => readonly string[];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Waits until the port takes connections. @returns false when the process ended before */
async function ready(child: ChildProcess, port: number): Promise<boolean> {
  const until = systemClock.now() + START_LIMIT_MS;
  while (systemClock.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    if (await accepts(port)) return true;
    await sleep(systemClock, POLL_MS);
  }
  return false;
}

/** Ends a process in peace, or after five seconds by force. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = systemClock.setTimer(5000, () => child.kill('SIGKILL'));
  await exited;
  hard.cancel();
}

/**
 * Starts a server in the foreground on a free port and waits until it takes connections. A port that somebody else took
 * meanwhile is tried again with another.
 * @throws Error with what it printed when it does not start
 */
export async function startDaemon(binary: string, prepare: Prepare): Promise<Daemon> {
  let output = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'breakwater-interop-'));
    const child = spawn(binary, prepare(port, dir), { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
    const close = async (): Promise<void> => {
      await endProcess(child);
      rmSync(dir, { recursive: true, force: true });
    };
    if (await ready(child, port)) return { address: { host: HOST, port }, close };
    await close();
  }
  throw new Error(`${binary} did not start:\n${output}`);
}
