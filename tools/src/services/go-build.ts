import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../child-process.js';
import { cacheDir, fillOnce, onPath } from './cache.js';

/** Programs that are built from Go modules, as dependencies of a module of our own. */
export interface GoProgram {
  /** Name of its folder in the cache, without versions. */
  readonly name: string;
  /** The version that the folder's name carries: another version is another folder. */
  readonly version: string;
  /** The `go` line: the oldest toolchain that will do. */
  readonly go: string;
  /** `MODULE VERSION`, one for each line of go.mod. Whatever a module without a go.mod needs has to be listed, or its newest version is taken. */
  readonly require: readonly string[];
  readonly exclude?: readonly string[];
  /** Files of our own module, by path. */
  readonly sources?: Readonly<Record<string, string>>;
  /** Import paths of main packages, or `./FOLDER` of our own, by the file name of the program. */
  readonly mains: Readonly<Record<string, string>>;
  readonly ldflags?: string;
  /** Every build may take this long. */
  readonly limitMs: number;
}

/** Where a built program lies, whether it exists or not. */
export const goBinary = ({ name, version }: GoProgram, file: string): string =>
  join(cacheDir(), `${name}-${version}-go-${process.arch}`, file);

/** The go.mod of the module that is built. */
export const goModOf = ({ name, go, require, exclude = [] }: GoProgram): string =>
  [
    `module breakwater.invalid/${name}`,
    `go ${go}`,
    ...require.map((line) => `require ${line}`),
    ...exclude.map((line) => `exclude ${line}`),
    '',
  ].join('\n');

/** What of a failed build's output says why: the first lines that are neither downloads nor headings. */
export const buildProblem = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => line !== '' && !/^(?:go: (?:downloading|finding|found) |#)/.test(line))
    .slice(0, 3)
    .join('; ');

/**
 * Builds programs with the Go toolchain into the cache folder; what lies there already is left alone. Modules with
 * `replace` refuse `go install`, therefore a main module of our own requires them, and repeats their `exclude` lines.
 * @throws Error with the first compiler or download message
 */
export async function buildGo(program: GoProgram, say: (line: string) => void): Promise<void> {
  const go = onPath('go');
  if (go === undefined) throw new Error('no Go toolchain on PATH');
  await fillOnce(goBinary(program, '.'), async (stage) => {
    const work = join(stage, 'module');
    for (const [path, text] of Object.entries({ 'go.mod': goModOf(program), ...program.sources })) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    for (const [file, main] of Object.entries(program.mains)) {
      const ldflags = ['-s', '-w', ...(program.ldflags === undefined ? [] : [program.ldflags])].join(' ');
      const startedAt = performance.now();
      const args = ['build', '-mod=mod', '-trimpath', '-ldflags', ldflags, '-o', join(stage, file), main];
      const { code, stderr, timedOut } = await run(go, args, {
        cwd: work,
        limitMs: program.limitMs,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GO111MODULE: 'on', GOWORK: 'off' },
      });
      if (timedOut) throw new Error(`the build did not finish within ${program.limitMs / 60_000} minutes`);
      if (code !== 0) throw new Error(`go build failed: ${buildProblem(stderr)}`);
      say(`${program.name}: built ${file} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    }
  });
}
