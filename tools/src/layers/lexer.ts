/** One token of TypeScript source, comments left out. A template or regular expression is one token each, without its text. */
export interface Token {
  readonly kind: 'word' | 'string' | 'punctuation' | 'template' | 'regexp' | 'number';
  /** For a string its content, for the others the text; empty for templates and regular expressions. */
  readonly value: string;
  /** 1-based. */
  readonly line: number;
}

/** Words after which a slash begins a regular expression; after any other word it divides. */
const BEFORE_REGEXP = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'do',
  'else',
  'await',
  'yield',
  'instanceof',
]);
const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d[\w.]*/y;
const REGEXP = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/**
 * Splits TypeScript into tokens: exact for comments, strings and templates, which is what finding imports needs.
 * (TypeScript 7 has no API for this.) A slash after `)` or `}` counts as division.
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = text.startsWith('#!') ? text.indexOf('\n') : 0;
  let line = 1;
  if (at < 0) return tokens;
  /** Depths of braces at which a template's `${` opened: the matching brace resumes the template. */
  const templates: number[] = [];
  let depth = 0;

  const push = (kind: Token['kind'], value: string, startLine = line): void =>
    void tokens.push({ kind, value, line: startLine });
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const regexpAllowed = (): boolean => {
    const last = tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'punctuation') return ![')', ']', '}'].includes(last.value);
    return last.kind === 'word' && BEFORE_REGEXP.has(last.value);
  };
  const countLines = (from: number, to: number): void => {
    for (let i = from; i < to; i += 1) if (text[i] === '\n') line += 1;
  };
  /** Reads template text from `at` to the closing backtick or the next `${`. */
  const template = (): void => {
    while (at < text.length) {
      const char = text[at];
      if (char === '\n') line += 1;
      if (char === '\\') {
        if (text[at + 1] === '\n') line += 1;
        at += 2;
      } else if (char === '`') {
        at += 1;
        return;
      } else if (char === '$' && text[at + 1] === '{') {
        at += 2;
        templates.push(depth);
        depth += 1;
        push('punctuation', '{');
        return;
      } else at += 1;
    }
  };

  while (at < text.length) {
    const char = text[at] as string;
    if (char === '\n') {
      line += 1;
      at += 1;
    } else if (/\s/.test(char)) at += 1;
    else if (char === '/' && text[at + 1] === '/') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (char === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      const stop = end < 0 ? text.length : end + 2;
      countLines(at, stop);
      at = stop;
    } else if (char === "'" || char === '"') {
      const from = at + 1;
      at = from;
      while (at < text.length && text[at] !== char && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
      push('string', text.slice(from, at));
      at += 1;
    } else if (char === '`') {
      push('template', '');
      at += 1;
      template();
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      push('punctuation', '}');
      at += 1;
      template();
    } else {
      const word = match(WORD);
      const regexp = word === undefined && char === '/' && regexpAllowed() ? match(REGEXP) : undefined;
      const number = word === undefined && regexp === undefined ? match(NUMBER) : undefined;
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      push(
        word !== undefined ? 'word' : regexp !== undefined ? 'regexp' : number !== undefined ? 'number' : 'punctuation',
        word ?? (regexp === undefined ? (number ?? char) : ''),
      );
      at += (word ?? regexp ?? number ?? char).length;
    }
  }
  return tokens;
}
