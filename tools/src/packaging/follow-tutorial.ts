import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Terminal } from './terminal.js';
import { showsAs, type Step, visibleLines } from './tutorial.js';

const COMMAND_LIMIT_MS = 120_000;
const OUTPUT_LIMIT_MS = 20_000;

export interface Following {
  /** An empty folder that stands for the reader's home. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the reader's machine and the test's differ: ports that may be taken. */
  readonly replace?: (script: string) => string;
  /** Sees what a terminal printed once it is as shown; may add to the environment of what comes after. */
  readonly onOutput?: (
    terminal: string | undefined,
    lines: readonly string[],
  ) => Readonly<Record<string, string>> | undefined;
}

/**
 * Does what the steps say, word by word, and compares every output with what the text shows. Ends everything it started.
 * @throws Error that names the line of the text, and what was shown and printed
 */
export async function follow(
  steps: readonly Step[],
  { home, env, replace = (script) => script, onOutput }: Following,
): Promise<void> {
  const terminals = new Map<string, Terminal>();
  let current: NodeJS.ProcessEnv = env;
  let cwd = home;
  let printed = '';
  const terminal = (name: string, line: number): Terminal => {
    const open = terminals.get(name);
    if (open === undefined) throw new Error(`line ${line}: no terminal '${name}' is open`);
    return open;
  };
  const perform = async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'file':
        mkdirSync(dirname(join(cwd, step.path)), { recursive: true });
        writeFileSync(join(cwd, step.path), step.text);
        return;
      case 'run': {
        const shell = new Terminal(`set -e\n${replace(step.script)}\npwd > "$FOLLOW_CWD"`, {
          cwd,
          env: { ...current, FOLLOW_CWD: join(home, '.cwd') },
        });
        const code = await shell.ended(COMMAND_LIMIT_MS);
        printed = shell.output;
        if (code !== step.exit)
          throw new Error(`line ${step.line}: the commands end with ${code}:\n${step.script}\n${printed}`);
        if (code === 0) cwd = readFileSync(join(home, '.cwd'), 'utf8').trim();
        return;
      }
      case 'start':
        await terminals.get(step.terminal)?.close();
        terminals.set(step.terminal, new Terminal(`exec ${replace(step.script)}`, { cwd, env: current }));
        return;
      case 'press':
        terminal(step.terminal, step.line).interrupt();
        return;
      case 'output': {
        const lines =
          step.terminal === undefined
            ? visibleLines(printed)
            : await terminal(step.terminal, step.line).lines(step.lines.length, OUTPUT_LIMIT_MS);
        if (lines.length !== step.lines.length || !step.lines.every((shown, i) => showsAs(shown, lines[i] as string)))
          throw new Error(
            `line ${step.line}: the output is not as shown\nshown:\n${step.lines.join('\n')}\nprinted:\n${lines.join('\n')}`,
          );
        current = { ...current, ...onOutput?.(step.terminal, lines) };
      }
    }
  };
  try {
    for (const step of steps) await perform(step);
  } finally {
    await Promise.all([...terminals.values()].map((open) => open.close()));
  }
}
