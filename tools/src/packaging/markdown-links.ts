import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A link of a Markdown file that leads nowhere. */
export interface DeadLink {
  /** `file:line`. */
  readonly where: string;
  readonly link: string;
}

/** The anchors that GitHub gives to the headings of a text. */
export function anchors(markdown: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const line of outsideFences(markdown)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const base = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let anchor = base;
    for (let n = 1; found.has(anchor); n += 1) anchor = `${base}-${n}`;
    found.add(anchor);
  }
  return found;
}

/** Relative links of the files (paths relative to `root`) whose file or heading does not exist. */
export function deadLinks(root: string, files: readonly string[]): readonly DeadLink[] {
  return files.flatMap((file) =>
    outsideFences(readFileSync(join(root, file), 'utf8')).flatMap((line, i) =>
      [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link]) => link as string)
        .filter((link) => !/^[a-z]+:/.test(link) && !leads(root, file, link))
        .map((link) => ({ where: `${file}:${i + 1}`, link })),
    ),
  );
}

function leads(root: string, from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? from : normalize(join(dirname(from), path));
  if (file.startsWith('..') || !existsSync(join(root, file))) return false;
  return anchor === undefined || anchors(readFileSync(join(root, file), 'utf8')).has(anchor);
}

/** The lines of a text, those of code blocks empty. */
function outsideFences(markdown: string): readonly string[] {
  let fence: string | undefined;
  return markdown.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined && mark === fence) fence = undefined;
    else if (fence === undefined) return line;
    return '';
  });
}
