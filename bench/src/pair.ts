import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contenders/contender.js';
import type { Load } from './loads/load.js';
import type { SliceResult } from './measure/slice.js';
import type { Usage } from './measure/usage.js';
import type { Footprint, FromChild, ToChild } from './protocol.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** For everything but a slice, and beyond the time that a slice is to take. A contender that hangs must not hang the run. */
const ANSWER_LIMIT_MS = 60_000;

/** One slice of load, and what each side used for it. */
export interface Slice extends SliceResult {
  readonly client: Usage;
  readonly server: Usage;
}

/** Client and server of one contender in processes of their own, each pinned to a core where `taskset` exists. */
export class Pair {
  private constructor(
    readonly contender: Contender,
    private readonly load: Load,
    private readonly server: ChildProcess,
    private readonly client: ChildProcess,
  ) {}

  /** @throws Error naming the contender when one side does not come up */
  static async start(contender: Contender, load: Load): Promise<Pair> {
    const children: ChildProcess[] = [];
    const start = (...args: readonly string[]): ChildProcess => {
      const child = fork(CHILD, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      children.push(child);
      return child;
    };
    try {
      const server = start('server', contender.name, load.name);
      const { port } = await answer(server, 'ready');
      const client = start('client', contender.name, load.name, String(port));
      await answer(client, 'ready');
      pin(server, 0);
      pin(client, 1);
      return new Pair(contender, load, server, client);
    } catch (error) {
      for (const child of children) child.kill('SIGKILL');
      throw new Error(`${contender.name} cannot be started for "${load.name}": ${messageOf(error)}`, { cause: error });
    }
  }

  /** @throws Error naming the contender when a call fails: its figures would mean nothing */
  async slice(sliceMs: number): Promise<Slice> {
    try {
      await Promise.all([ask(this.server, { ask: 'begin' }, 'begun'), ask(this.client, { ask: 'begin' }, 'begun')]);
      const { result } = await ask(this.client, { ask: 'slice', sliceMs }, 'slice', sliceMs);
      const [client, server] = await Promise.all(
        [this.client, this.server].map(async (side) => (await ask(side, { ask: 'end' }, 'usage')).usage),
      );
      if (client === undefined || server === undefined) throw new Error('two sides asked, fewer answered');
      return { ...result, client, server };
    } catch (error) {
      throw new Error(`${this.contender.name}, "${this.load.name}": ${messageOf(error)}`, { cause: error });
    }
  }

  /** Opens silent connections, with silent streams on each. */
  async open(connections: number, streamsPerConnection: number): Promise<void> {
    await ask(this.client, { ask: 'open', connections, streamsPerConnection }, 'opened');
  }

  /** What both sides hold in memory. */
  async footprint(): Promise<{ readonly client: Footprint; readonly server: Footprint }> {
    const client = await ask(this.client, { ask: 'footprint' }, 'footprint');
    const server = await ask(this.server, { ask: 'footprint' }, 'footprint');
    return { client: client.footprint, server: server.footprint };
  }

  async stop(): Promise<void> {
    for (const child of [this.client, this.server]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.connected) child.send({ ask: 'stop' } satisfies ToChild);
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(timer);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

type Told<K extends FromChild['told']> = Extract<FromChild, { told: K }>;

function ask<K extends FromChild['told']>(
  child: ChildProcess,
  message: ToChild,
  kind: K,
  takesMs = 0,
): Promise<Told<K>> {
  const told = answer(child, kind, takesMs);
  child.send(message);
  return told;
}

/** The next message of that kind. Rejects when the child fails, goes away or says nothing for too long. */
function answer<K extends FromChild['told']>(child: ChildProcess, kind: K, takesMs = 0): Promise<Told<K>> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      child.removeListener('message', onMessage);
      child.removeListener('exit', onExit);
    };
    const timer = setTimeout(() => {
      over();
      reject(new Error(`no '${kind}' within ${(takesMs + ANSWER_LIMIT_MS) / 1000} s`));
    }, takesMs + ANSWER_LIMIT_MS);
    const onMessage = (message: FromChild): void => {
      if (message.told !== kind && message.told !== 'failed') return;
      over();
      if (message.told === 'failed') reject(new Error(message.message));
      else resolve(message as Told<K>);
    };
    const onExit = (code: number | null): void => {
      over();
      reject(new Error(`a benchmark process ended with code ${code}`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** All threads of the process, so that garbage collection shows on the same core. */
function pin(child: ChildProcess, core: number): void {
  if (child.pid !== undefined)
    spawnSync('taskset', ['-a', '-c', '-p', String(core), String(child.pid)], { stdio: 'ignore' });
}
