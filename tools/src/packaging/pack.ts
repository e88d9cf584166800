import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { type Manifest, ROOT, workspaces } from '../repo.js';

const PACK_LIMIT_MS = 60_000;

/** What `npm publish` would upload for one package. */
export interface Packed {
  /** Relative to the root: `packages/core`. */
  readonly dir: string;
  readonly manifest: Manifest & { readonly version: string };
  /** Absolute path of the tarball. */
  readonly tarball: string;
  /** Paths inside it, without the leading `package/`. */
  readonly files: readonly string[];
  /** As npm's lockfiles and registries write it: `sha512-…`. */
  readonly integrity: string;
}

/** Packs every package as it stands, built or not, into a folder; two at a time. */
export async function packAll(destination: string): Promise<readonly Packed[]> {
  const waiting = workspaces().filter(({ dir }) => dir.startsWith('packages/'));
  const packed: Packed[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      packed.push(await pack(next.dir, next.manifest, destination));
  };
  await Promise.all([worker(), worker()]);
  return packed.sort((a, b) => (a.dir < b.dir ? -1 : 1));
}

async function pack(dir: string, manifest: Manifest, destination: string): Promise<Packed> {
  const { version } = manifest;
  if (version === undefined) throw new Error(`${dir}/package.json has no version`);
  const { code, stdout, stderr } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', destination],
    { cwd: join(ROOT, dir), limitMs: PACK_LIMIT_MS },
  );
  if (code !== 0) throw new Error(`npm pack fails in ${dir}: ${stderr}`);
  const { filename, files } = packReport(stdout);
  const tarball = join(destination, filename);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  return { dir, manifest: { ...manifest, version }, tarball, files: files.map(({ path }) => path), integrity };
}

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm up to 11 prints a list with one entry, later ones an object by package name. */
function packReport(json: string): PackReport {
  const parsed = JSON.parse(json) as readonly PackReport[] | Readonly<Record<string, PackReport>>;
  const [report] = Object.values(parsed) as readonly PackReport[];
  if (report === undefined) throw new Error(`npm pack reports nothing: ${json}`);
  return { ...report, filename: report.filename.replace(/^@/, '').replaceAll('/', '-') };
}
