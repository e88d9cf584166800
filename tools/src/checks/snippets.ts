import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { filesBelow, ROOT, workspaces } from '../repo.js';
import type { Failure } from '../stage.js';

const LIMIT_MS = 180_000;

/** TypeScript of a Markdown file. Line numbers equal those of the Markdown: the text before it is empty lines. */
export interface Snippet {
  /** 1-based line of the opening fence. */
  readonly line: number;
  readonly text: string;
}

/**
 * The ```` ```ts ```` blocks of a Markdown text. `ts ignore` leaves one out; `ts continue` compiles it together with the one before,
 * for a text that develops one program step by step.
 */
export function snippets(markdown: string): readonly Snippet[] {
  const found: Snippet[] = [];
  let open: { fence: string; info: string; line: number; body: string[] } | undefined;
  markdown.split('\n').forEach((text, i) => {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(text);
    if (open === undefined) {
      if (fence !== null) open = { fence: fence[1] as string, info: (fence[2] ?? '').trim(), line: i + 1, body: [] };
      return;
    }
    if (fence === null || !(fence[1] as string).startsWith(open.fence) || (fence[2] ?? '').trim() !== '') {
      open.body.push(text);
      return;
    }
    const [language, ...flags] = open.info.split(/\s+/);
    if ((language === 'ts' || language === 'typescript') && !flags.includes('ignore')) {
      const last = found.at(-1);
      if (flags.includes('continue') && last !== undefined) {
        const gap = open.line - last.text.split('\n').length;
        found[found.length - 1] = {
          line: last.line,
          text: `${last.text}${'\n'.repeat(gap + 1)}${open.body.join('\n')}`,
        };
      } else found.push({ line: open.line, text: `${'\n'.repeat(open.line)}${open.body.join('\n')}` });
    }
    open = undefined;
  });
  return found;
}

/** The Markdown files whose snippets must compile. */
function documents(): readonly string[] {
  const isMarkdown = (name: string): boolean => name.endsWith('.md') && name !== 'CHANGELOG.md';
  const root = readdirSync(ROOT).filter(isMarkdown);
  const readmes = workspaces().map(({ dir }) => `${dir}/README.md`);
  return [...root, ...filesBelow('docs', isMarkdown), ...readmes].filter((path) => existsSync(join(ROOT, path)));
}

/** Every package has a README with at least one snippet, and all snippets of all documents compile, in one run of the compiler. */
export async function checkSnippets(paths: readonly string[] = documents()): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const base = join(ROOT, '.breakwater');
  mkdirSync(base, { recursive: true });
  const dir = mkdtempSync(join(base, 'snippets-'));
  try {
    const sources = new Map<string, string>();
    for (const path of paths) {
      for (const { line, text } of snippets(readFileSync(join(ROOT, path), 'utf8'))) {
        const name = `${path.replaceAll(/[^\w.-]/g, '_')}-${line}.mts`;
        sources.set(name, path);
        // The marker makes a module of a snippet without imports, after its last line so that no line moves.
        writeFileSync(join(dir, name), `${text}\nexport {};\n`);
      }
    }
    for (const { dir: workspace } of workspaces()) {
      if (!workspace.startsWith('packages/')) continue;
      const readme = `${workspace}/README.md`;
      if (!existsSync(join(ROOT, readme)))
        failures.push({ where: readme, detail: 'is missing: every package has a README with a snippet that compiles' });
      else if (paths.includes(readme) && ![...sources.values()].includes(readme))
        failures.push({ where: readme, detail: 'has no ```ts snippet that is compiled' });
    }
    if (sources.size === 0) return failures;
    const options = {
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        noEmit: true,
        composite: false,
        incremental: false,
        declaration: false,
        declarationMap: false,
        sourceMap: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      include: ['*.mts'],
    };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(options));
    const { code, stdout, stderr, timedOut } = await run(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', dir, '--pretty', 'false'],
      { limitMs: LIMIT_MS, cwd: dir },
    );
    if (timedOut) failures.push({ where: 'tsc', detail: `did not finish within ${LIMIT_MS / 1000} s` });
    else if (code !== 0) failures.push(...diagnostics(`${stdout}${stderr}`, sources));
    return failures;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Turns the compiler's `file(line,column): error …` into places in the Markdown files; further lines belong to the message before. */
export function diagnostics(output: string, sources: ReadonlyMap<string, string>): readonly Failure[] {
  const failures: { where: string; detail: string }[] = [];
  for (const text of output.split('\n')) {
    const match = /^(\S+\.mts)\((\d+),(\d+)\): (.*)$/.exec(text);
    const source = match === null ? undefined : sources.get((match[1] as string).split('/').at(-1) as string);
    const last = failures.at(-1);
    if (match !== null && source !== undefined)
      failures.push({ where: `${source}:${match[2]}:${match[3]}`, detail: match[4] as string });
    else if (text.startsWith(' ') && last !== undefined) last.detail += `\n${text}`;
    else if (text.trim() !== '') failures.push({ where: 'snippets', detail: text });
  }
  return failures;
}
