import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contenders/contender.js';
import type { FromChild, SliceRequest, SliceResult, ToChild } from './protocol.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** Client and server of one contender in processes of their own, each pinned to a core where `taskset` exists. */
export class Pair {
  private constructor(
    readonly contender: Contender,
    private readonly server: ChildProcess,
    private readonly client: ChildProcess,
  ) {}

  static async start(contender: Contender): Promise<Pair> {
    const server = fork(CHILD, ['server', contender.name], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ready = await answer(server, 'ready');
    const client = fork(CHILD, ['client', contender.name, String(ready.port)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await answer(client, 'ready');
    pin(server, 0);
    pin(client, 1);
    return new Pair(contender, server, client);
  }

  /** One slice of load, and the CPU that each side used for it. */
  async slice(slice: SliceRequest): Promise<SliceResult & { readonly serverCpuUs: number }> {
    const before = await this.serverCpu();
    const done = answer(this.client, 'slice');
    tell(this.client, { ask: 'slice', slice });
    const { result } = await done;
    return { ...result, serverCpuUs: (await this.serverCpu()) - before };
  }

  async stop(): Promise<void> {
    for (const child of [this.client, this.server]) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      tell(child, { ask: 'stop' });
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await gone;
      clearTimeout(timer);
    }
  }

  private async serverCpu(): Promise<number> {
    const told = answer(this.server, 'cpu');
    tell(this.server, { ask: 'cpu' });
    return (await told).cpuUs;
  }
}

const tell = (child: ChildProcess, message: ToChild): void => void child.send(message);

/** The next message of that kind. Rejects when the child fails or goes away. */
function answer<K extends FromChild['told']>(child: ChildProcess, kind: K): Promise<Extract<FromChild, { told: K }>> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      child.removeListener('message', onMessage);
      child.removeListener('exit', onExit);
    };
    const onMessage = (message: FromChild): void => {
      if (message.told !== kind && message.told !== 'failed') return;
      over();
      if (message.told === 'failed') reject(new Error(message.message));
      else resolve(message as Extract<FromChild, { told: K }>);
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
