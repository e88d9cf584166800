import { fileURLToPath } from 'node:url';
import type { TransportName } from '../transports.js';

// What a process under observation does: obeys its parent over IPC and tells of its heap and of what it has open.

/** Whether a module is what the process was started with: mocha loads it too, and then it does nothing. */
export const isMain = (moduleUrl: string): boolean => process.argv[1] === fileURLToPath(moduleUrl);

/** The transport that the process was started with. */
export const transportArgument = (): TransportName => (process.argv[2] === 'grpc-js' ? 'grpc-js' : 'wire');

/** A moment of a process after a forced garbage collection. */
export interface Sample {
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Handles, timers and requests that keep the process alive, by kind. */
  readonly open: readonly string[];
}

/** How a process looks when it has let go of everything. */
export interface Ending {
  /** Open now, or listened to, but not when the process began. */
  readonly left: readonly string[];
  /** Warnings of Node since the start, such as one of too many listeners. */
  readonly warnings: readonly string[];
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @throws Error unless the process runs with --expose-gc */
export async function sample(): Promise<Sample> {
  if (globalThis.gc === undefined) throw new Error('start this process with --expose-gc');
  // Finalizers and the callbacks of closed sockets run between two collections.
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await turn();
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, rssBytes: rss, open: process.getActiveResourcesInfo() };
}

/** Handles, timers and requests that keep the process alive, and listeners of the process itself. */
const openThings = (): readonly string[] => [
  ...process.getActiveResourcesInfo(),
  ...process
    .eventNames()
    .flatMap((name) => Array.from({ length: process.listenerCount(name) }, () => `listener of ${String(name)}`)),
];

/** What is in `now` more often than in `before`. */
export function added(before: readonly string[], now: readonly string[]): readonly string[] {
  const rest = [...before];
  return now.filter((kind) => {
    const at = rest.indexOf(kind);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/**
 * Answers commands of the parent one by one until it disconnects; then the process has to end by itself. `ending` is
 * there from the start. A rejection nobody handles ends the process, as Node does by itself.
 */
export function obey(commands: Readonly<Record<string, (argument: unknown) => unknown>>): void {
  const warnings: string[] = [];
  process.on('warning', (warning) => warnings.push(`${warning.name}: ${warning.message}`));
  const ending = async (): Promise<Ending> => {
    let left: readonly string[] = [];
    // Sockets that are closed need some turns to be gone; what stays longer than that stays.
    for (let round = 0; round < 2000; round++) {
      await turn();
      left = added(before, openThings()).filter((kind) => kind !== 'Immediate');
      if (left.length === 0) break;
    }
    return { left, warnings };
  };
  const known: Readonly<Record<string, (argument: unknown) => unknown>> = { ending, sample, ...commands };
  let line: Promise<void> = Promise.resolve();
  process.on('message', ({ command, argument }: { command: string; argument: unknown }) => {
    line = line.then(async () => {
      const answer = await known[command]?.(argument);
      process.send?.({ command, answer });
    });
  });
  // With the pipe to the parent, which is open from the first listener on.
  const before = openThings();
  process.send?.({ command: 'ready', answer: undefined });
}
