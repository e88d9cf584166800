/** One thing a reader of the tutorial does or sees, in the order of the text. */
export type Step =
  | { readonly kind: 'file'; readonly path: string; readonly text: string; readonly line: number }
  /** Commands that run to their end, one after the other, in the first terminal. */
  | { readonly kind: 'run'; readonly script: string; readonly exit: number; readonly line: number }
  /** A command that keeps running in a terminal of its own. */
  | { readonly kind: 'start'; readonly terminal: string; readonly script: string; readonly line: number }
  | { readonly kind: 'press'; readonly terminal: string; readonly line: number }
  /** What is shown then; no terminal: by the commands before. */
  | {
      readonly kind: 'output';
      readonly terminal: string | undefined;
      readonly lines: readonly string[];
      readonly line: number;
    };

const START = '<!-- tutorial -->';
const END = '<!-- /tutorial -->';

/**
 * The steps between `<!-- tutorial -->` and `<!-- /tutorial -->` of a Markdown text. A code block with `title="PATH"` is a file;
 * `sh` runs, with `exit="CODE"` where it is to fail; `sh terminal="NAME"` starts something that stays; `text` is the output of the commands before, with `terminal="NAME"` of
 * that terminal, and with `press="Ctrl-C"` the output after that key was pressed there.
 * @throws Error for a text without tutorial, and for a block that is none of these
 */
export function tutorialSteps(markdown: string): readonly Step[] {
  const lines = markdown.split('\n');
  const from = lines.indexOf(START);
  const to = lines.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the text has no part between ${START} and ${END}`);
  return codeBlocks(lines)
    .filter(({ line }) => line > from && line <= to)
    .flatMap(steps);
}

/** A fenced block: the words of its info string, and `key="value"` attributes. */
export interface CodeBlock {
  readonly language: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
  /** 1-based line of the opening fence. */
  readonly line: number;
}

/** All fenced code blocks of a text. */
export function codeBlocks(lines: readonly string[]): readonly CodeBlock[] {
  const found: CodeBlock[] = [];
  let open:
    | { readonly fence: string; readonly info: string; readonly line: number; readonly body: string[] }
    | undefined;
  lines.forEach((text, i) => {
    const fence = /^(`{3,})(.*)$/.exec(text);
    if (open === undefined) {
      if (fence !== null) open = { fence: fence[1] as string, info: fence[2] ?? '', line: i + 1, body: [] };
    } else if (fence !== null && fence[1] === open.fence && fence[2]?.trim() === '') {
      const attributes = new Map(
        [...open.info.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key as string, value as string]),
      );
      found.push({
        language: open.info.trim().split(/\s/)[0] ?? '',
        attributes,
        text: open.body.join('\n'),
        line: open.line,
      });
      open = undefined;
    } else open.body.push(text);
  });
  return found;
}

function steps({ language, attributes, text, line }: CodeBlock): readonly Step[] {
  const path = attributes.get('title');
  const terminal = attributes.get('terminal');
  if (path !== undefined) return [{ kind: 'file', path, text: `${text}\n`, line }];
  if (language === 'sh')
    return [
      terminal === undefined
        ? { kind: 'run', script: text, exit: Number(attributes.get('exit') ?? 0), line }
        : { kind: 'start', terminal, script: text, line },
    ];
  if (language !== 'text')
    throw new Error(`line ${line}: a block of the tutorial is a file (title="PATH"), sh or text, not '${language}'`);
  const output: Step = { kind: 'output', terminal, lines: visibleLines(text), line };
  const press = attributes.get('press');
  if (press === undefined) return [output];
  if (press !== 'Ctrl-C' || terminal === undefined)
    throw new Error(`line ${line}: only press="Ctrl-C" with a terminal is understood`);
  return [{ kind: 'press', terminal, line }, output];
}

/** The lines of an output that a reader compares: not the empty ones, and not what npm itself has to say. */
export const visibleLines = (output: string): readonly string[] =>
  output.split('\n').filter((line) => line.trim() !== '' && !/^npm (warn|notice)/.test(line));

/** Whether a line is as the text shows it; `…` there stands for anything, such as a port or a time. */
export function showsAs(shown: string, actual: string): boolean {
  const pattern = shown
    .trimEnd()
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pattern.join('.*')}$`).test(actual.trimEnd());
}
