import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const REPOSITORY = path.join(PACKAGE, '../..');
const require = createRequire(import.meta.url);

/** The odd protos: every file is there because it once broke, or could break, a generator. */
export const CORPUS = path.join(PACKAGE, 'src/generate/testdata/corpus');

/** The compiled command line. */
const MAIN = path.join(PACKAGE, 'dist/main.js');

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (args: readonly string[], cwd: string): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [...args],
      { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      },
    );
  });

/** A temporary folder that generated code can be compiled and run in. */
export class Workspace {
  private constructor(readonly dir: string) {}

  static async create(): Promise<Workspace> {
    const dir = await mkdtemp(path.join(tmpdir(), 'breakwater-generate-'));
    await symlink(path.join(REPOSITORY, 'node_modules'), path.join(dir, 'node_modules'), 'dir');
    await writeFile(path.join(dir, 'package.json'), '{ "type": "module" }\n');
    return new Workspace(dir);
  }

  path(...segments: readonly string[]): string {
    return path.join(this.dir, ...segments);
  }

  async write(file: string, ...lines: readonly string[]): Promise<void> {
    await mkdir(path.dirname(this.path(file)), { recursive: true });
    await writeFile(this.path(file), lines.map((line) => `${line}\n`).join(''));
  }

  read(file: string): Promise<string> {
    return readFile(this.path(file), 'utf8');
  }

  async has(file: string): Promise<boolean> {
    return (await stat(this.path(file)).catch(() => undefined)) !== undefined;
  }

  /** Compiles every TypeScript file below `from` into `to` under the repository's strict flags. */
  async compile(from: string, to: string): Promise<Ended> {
    const config = {
      extends: path.join(REPOSITORY, 'tsconfig.base.json'),
      compilerOptions: {
        rootDir: this.path(from),
        outDir: this.path(to),
        composite: false,
        incremental: false,
        types: ['node'],
      },
      include: [this.path(from)],
    };
    await this.write('tsconfig.json', JSON.stringify(config));
    return run(
      [
        path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc'),
        '-p',
        'tsconfig.json',
        '--pretty',
        'false',
      ],
      this.dir,
    );
  }

  /** Runs `breakwater` here. */
  breakwater(...args: readonly string[]): Promise<Ended> {
    return run([MAIN, ...args], this.dir);
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }
}
