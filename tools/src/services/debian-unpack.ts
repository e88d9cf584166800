import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillOnce } from './cache.js';
import { privateApt, unpackDebs } from './debian.js';

/** One program that an unpacked package is run by. */
export interface Wrapped {
  /** File name of the wrapper in `bin`. */
  readonly name: string;
  /** An absolute path below the unpacked root, such as `/usr/sbin/nginx`, or `{ system }` for a program of this machine. */
  readonly program: string | { readonly system: string };
  /** Lines of shell before the program starts; `$here` is the cache folder and `$lib` its `usr/lib`. */
  readonly prepare?: readonly string[];
}

/** A shell script that runs an unpacked Debian program with the libraries beside it. `exec` keeps the process id: a suite that ends the wrapper ends the program. */
export const wrapperScript = ({ program, prepare = [] }: Wrapped): string =>
  [
    '#!/bin/sh',
    '# Runs an unpacked Debian program with the libraries unpacked beside it.',
    'here=$(cd "$(dirname "$0")/.." && pwd)',
    'lib="$here/root/usr/lib"',
    'for dir in "$here/root/lib"/*-linux-gnu* "$lib"/*-linux-gnu*; do path="$dir${path:+:$path}"; done',
    'export LD_LIBRARY_PATH="$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"',
    ...prepare,
    `exec ${typeof program === 'string' ? `"$here/root${program}"` : program.system} "$@"`,
    '',
  ].join('\n');

/**
 * Unpacks packages, with those of their dependencies that this machine lacks, into a cache folder: `root` holds their files, `bin` the wrappers.
 * @throws Error when this is no Debian, or its mirror does not answer
 */
export async function unpackPackages(
  dir: string,
  packages: readonly string[],
  programs: readonly Wrapped[],
): Promise<void> {
  await fillOnce(dir, async (stage) => {
    const apt = await privateApt(join(stage, 'apt'));
    const missing = await apt.missing(packages);
    // A package that is installed here is still unpacked: the cache must not break when the system's copy goes.
    const debs = await apt.download([...new Set([...packages, ...missing])], join(stage, 'debs'));
    await unpackDebs(debs, join(stage, 'root'));
    mkdirSync(join(stage, 'bin'));
    for (const wrapped of programs) {
      writeFileSync(join(stage, 'bin', wrapped.name), wrapperScript(wrapped));
      chmodSync(join(stage, 'bin', wrapped.name), 0o755);
    }
    for (const part of ['apt', 'debs']) rmSync(join(stage, part), { recursive: true, force: true });
  });
}
