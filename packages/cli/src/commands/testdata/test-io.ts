import type { Io } from '../../io.js';

/** What a command printed and how it can be ended. */
export interface TestIo extends Io {
  readonly stdout: string[];
  readonly stderr: string[];
  stop(): void;
  /** Resolves as soon as what was printed satisfies the condition. */
  until(condition: (stdout: readonly string[]) => boolean): Promise<void>;
}

/** A world for commands that run inside the test. */
export function testIo(options: { readonly env?: Io['env']; readonly input?: AsyncIterable<string> } = {}): TestIo {
  const abort = new AbortController();
  const stdout: string[] = [];
  const stderr: string[] = [];
  const waiting = new Set<() => void>();
  return {
    stdout,
    stderr,
    env: options.env ?? {},
    input: options.input ?? empty(),
    signal: abort.signal,
    out: (text) => {
      stdout.push(text);
      for (const check of waiting) check();
    },
    err: (text) => void stderr.push(text),
    stop: () => abort.abort(),
    until: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!condition(stdout)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

async function* empty(): AsyncGenerator<string> {}
