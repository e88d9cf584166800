import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process under observation; see `obey`. */
export interface Child {
  readonly process: ChildProcess;
  /** @throws Error with what it wrote to stderr when the process ended instead of answering */
  ask<T>(command: string, argument?: unknown): Promise<T>;
  /** Lets go of it. Resolves with its exit code: it has to end by itself. */
  ended(): Promise<number | string>;
}

/** Starts a compiled module next to this one, with a garbage collector to call; resolves when it is ready for commands. */
export async function startChild(name: string, args: readonly string[] = []): Promise<Child> {
  const path = fileURLToPath(new URL(`./${name}.full.itest.js`, import.meta.url));
  const child = fork(path, args, {
    execArgv: ['--expose-gc', '--enable-source-maps'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-10_000);
  });
  const answerTo = (command: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        child.off('message', onMessage);
        child.off('exit', onExit);
      };
      const onMessage = (message: { command: string; answer: unknown }): void => {
        if (message.command !== command) return;
        settle();
        resolve(message.answer);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle();
        reject(new Error(`${name} ended with ${code ?? signal} instead of answering '${command}':\n${stderr}`));
      };
      child.on('message', onMessage).on('exit', onExit);
    });
  await answerTo('ready');
  return {
    process: child,
    async ask<T>(command: string, argument?: unknown): Promise<T> {
      const answer = answerTo(command);
      child.send({ command, argument });
      return (await answer) as T;
    },
    async ended() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode ?? 0;
      child.disconnect();
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      return code ?? signal ?? 0;
    },
  };
}

/** Ends a process that a failed test left behind. */
export function endForcibly(child: Child | undefined): void {
  if (child !== undefined && child.process.exitCode === null) child.process.kill('SIGKILL');
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Growth of a series from its first to its last third, with the slope that a straight line through it has. */
export function growth(values: readonly number[]): { readonly thirds: number; readonly slope: number } {
  const third = Math.floor(values.length / 3);
  const middle = (values.length - 1) / 2;
  const average = mean(values);
  const spread = values.reduce((sum, _value, index) => sum + (index - middle) ** 2, 0);
  const slope = values.reduce((sum, value, index) => sum + (index - middle) * (value - average), 0) / spread;
  return { thirds: mean(values.slice(-third)) - mean(values.slice(0, third)), slope };
}

/** `1.24 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
