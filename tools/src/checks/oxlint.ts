import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../child-process.js';
import { filesBelow, ROOT, workspaces } from '../repo.js';
import type { Failure } from '../stage.js';

const LIMIT_MS = 180_000;

interface Diagnostic {
  readonly message: string;
  readonly code?: string;
  readonly help?: string;
  readonly filename: string;
  readonly labels?: readonly { readonly span?: { readonly line?: number; readonly column?: number } }[];
}

/** A finding of oxlint; `rule` is like `eslint(no-restricted-globals)`. */
export interface Finding extends Failure {
  readonly rule: string;
}

/** Runs oxlint with type information over paths (relative to the root; default: all). @throws Error when oxlint itself fails */
export async function oxlint(
  paths: readonly string[] = [],
  { fix = false, cwd = ROOT } = {},
): Promise<readonly Finding[]> {
  const bin = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  if (!existsSync(bin)) throw new Error(`${bin} is missing: run npm ci`);
  const args = [
    bin,
    '--type-aware',
    '--report-unused-disable-directives-severity=deny',
    '--format=json',
    ...(fix ? ['--fix'] : []),
    ...paths,
  ];
  // oxlint looks for its type-aware half on PATH when the folder it lints has no node_modules.
  const env = { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter) };
  const { code, stdout, stderr, timedOut } = await run(process.execPath, args, { limitMs: LIMIT_MS, cwd, env });
  if (timedOut) throw new Error(`oxlint did not finish within ${LIMIT_MS / 1000} s`);
  let diagnostics: readonly Diagnostic[];
  try {
    ({ diagnostics } = JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] });
  } catch (error) {
    throw new Error(`oxlint failed (exit code ${code}): ${stderr.trim() || stdout.trim()}`, { cause: error });
  }
  return diagnostics.map(({ message, code: rule = '', help, filename, labels }) => {
    const span = labels?.[0]?.span;
    return {
      rule,
      where: `${filename}${span?.line === undefined ? '' : `:${span.line}:${span.column ?? 1}`}`,
      detail: `${message}${help === undefined ? '' : ` ${help}`} [${rule}]`,
    };
  });
}

/** Whether a finding is about the ambient ban: time, chance, environment and console come in from outside. */
export const isAmbient = ({ rule }: Finding): boolean => /no-restricted-(?:globals|properties|imports)/.test(rule);

/** Comments that would switch the ambient ban off in a product package. A blanket `disable` does so too. */
export function ambientEscapes(path: string, text: string): readonly Failure[] {
  return text.split('\n').flatMap((line, i) => {
    const rules = /(?:oxlint|eslint)-disable(?:-next-line|-line)?([^*]*)/.exec(line)?.[1];
    if (rules === undefined) return [];
    const named = rules.replace(/--.*$/, '').trim();
    if (named !== '' && !named.includes('no-restricted-')) return [];
    return [
      {
        where: `${path}:${i + 1}`,
        detail: 'switches the ambient ban off: inject Clock or Random, or move the code to a system-*.ts file',
      },
    ];
  });
}

/** Composition roots: they may use what the ban keeps out elsewhere, as .oxlintrc.json says too. */
const EXEMPT = ['packages/service', 'packages/cli'];

/** All escapes in the sources of the packages. */
export function allAmbientEscapes(): readonly Failure[] {
  const files = workspaces()
    .filter(({ dir }) => dir.startsWith('packages/') && !EXEMPT.includes(dir))
    .flatMap(({ dir }) =>
      filesBelow(`${dir}/src`, (name) => name.endsWith('.ts')).filter((path) => !path.includes('/gen/')),
    );
  return files.flatMap((path) => ambientEscapes(path, readFileSync(join(ROOT, path), 'utf8')));
}
