import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { CliError } from '../errors.js';
import { explainProtocOutput, protocLines } from './diagnostics.js';

const require = createRequire(import.meta.url);

interface ProtocAsset {
  readonly platform: string;
  readonly arch: string;
  readonly executable: string;
}

/** The `protoc` binary and the folder of its `google/protobuf/*.proto`, both from the npm package. */
const locateProtoc = (): { readonly binary: string; readonly include: string } => {
  const root = path.dirname(require.resolve('protoc/package.json'));
  const assets = require('protoc/assets.json') as readonly ProtocAsset[];
  const asset = assets.find(({ platform, arch }) => platform === process.platform && arch === process.arch);
  if (asset === undefined) {
    throw new CliError(`there is no protoc binary for ${process.platform}/${process.arch}`, {
      remedy: `Generate on one of: ${assets.map(({ platform, arch }) => `${platform}/${arch}`).join(', ')}.`,
    });
  }
  return { binary: path.join(root, 'bin', asset.executable), include: path.join(root, 'include') };
};

/** `google/api/{annotations,http}.proto` and `google/rpc/error_details.proto`, shipped with this package so that they need no download. */
export const SHIPPED_PROTOS = fileURLToPath(new URL('../../proto', import.meta.url));

export interface ProtocRun {
  /** Absolute folder that holds `files`. */
  readonly protoDir: string;
  /** Relative to `protoDir`, with slashes. */
  readonly files: readonly string[];
  /** Absolute folders searched after `protoDir`. */
  readonly includeDirs: readonly string[];
}

/** Every folder an import is looked up in, first match wins. */
export const searchPath = ({
  protoDir,
  includeDirs,
}: Pick<ProtocRun, 'protoDir' | 'includeDirs'>): readonly string[] => [
  protoDir,
  ...includeDirs,
  SHIPPED_PROTOS,
  locateProtoc().include,
];

/** What a child process left behind. */
export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end, feeding it `input`. @throws the spawn error when it cannot be started */
export const runChild = (
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: Uint8Array } = {},
): Promise<ChildResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
    });
    // A child that ends before it read everything reports that by its exit code; the pipe error adds nothing.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });

/** Runs protoc with these arguments and returns what it prints. @throws CliError with its message when it fails */
export const runProtoc = async (
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: Uint8Array } = {},
): Promise<Buffer> => {
  const { binary, include } = locateProtoc();
  const result = await runChild(
    binary,
    [...args, `--proto_path=${SHIPPED_PROTOS}`, `--proto_path=${include}`],
    options,
  ).catch(cannotStart(binary));
  if (result.code !== 0) throw new CliError(result.stderr.trim());
  return result.stdout;
};

/** What protoc made of the files. */
export interface Compiled {
  /** The files asked for and everything they import, dependencies first, with comments. */
  readonly set: FileDescriptorSet;
  /** protoc's warnings, one line each, for example about an import that is not used. */
  readonly warnings: readonly string[];
}

const cannotStart =
  (binary: string) =>
  (error: unknown): never => {
    throw new CliError(`cannot start ${binary}: ${error instanceof Error ? error.message : String(error)}`, {
      remedy: 'Install the dependencies again, and see that the file may be executed.',
      cause: error,
    });
  };

/**
 * Parses and links `files` with protoc.
 *
 * @throws CliError with protoc's file:line:column and the offending line
 */
export const compileProtos = async (run: ProtocRun): Promise<Compiled> => {
  const { binary } = locateProtoc();
  const scratch = await mkdtemp(path.join(tmpdir(), 'breakwater-protoc-'));
  try {
    const output = path.join(scratch, 'descriptors.bin');
    const argumentFile = path.join(scratch, 'arguments.txt');
    // Through a file, because a few thousand protos exceed the length of a command line.
    await writeFile(argumentFile, run.files.join('\n'));
    const result = await runChild(
      binary,
      [
        ...searchPath(run).map((dir) => `--proto_path=${dir}`),
        `--descriptor_set_out=${output}`,
        '--include_imports',
        '--include_source_info',
        `@${argumentFile}`,
      ],
      // Names in `files` are looked up in the working directory first: it must be the proto root itself.
      { cwd: run.protoDir },
    ).catch(cannotStart(binary));
    if (result.signal !== null) throw new CliError(`protoc was ended by ${result.signal}`);
    if (result.code !== 0) throw await explainProtocOutput(result.stderr, searchPath(run), process.cwd());
    const warnings = protocLines(result.stderr, process.cwd());
    return { set: fromBinary(FileDescriptorSetSchema, await readFile(output)), warnings };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
