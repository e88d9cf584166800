import { type Token, tokenize } from './lexer.js';

/** One mention of a module in a source file. */
export interface Import {
  readonly specifier: string;
  /** 1-based line of the specifier. */
  readonly line: number;
  /** Erased by the compiler: `import type`, `export type`, or an `import('x')` in a type, which cannot be told from a call and counts as a value. */
  readonly typeOnly: boolean;
  /** Names between the braces, as the module exports them; empty for other forms. */
  readonly names: readonly string[];
}

/** Every static, dynamic, re-exporting and type import of a source text, in order. */
export function findImports(text: string): readonly Import[] {
  const tokens = tokenize(text);
  const imports: Import[] = [];
  tokens.forEach((token, i) => {
    if (token.kind !== 'word' || tokens[i - 1]?.value === '.') return;
    if (token.value === 'import') addImport(tokens, i, imports);
    else if (token.value === 'export') addClause(tokens, i, imports);
    else if (token.value === 'require' && tokens[i + 1]?.value === '(') addString(tokens[i + 2], imports);
  });
  return imports;
}

function addImport(tokens: readonly Token[], at: number, imports: Import[]): void {
  const next = tokens[at + 1];
  // An object key or a method named `import`, and import.meta.
  if (next === undefined || next.value === '.' || next.value === ':') return;
  if (next.kind === 'string') addString(next, imports);
  else if (next.value === '(') addString(tokens[at + 2], imports);
  else addClause(tokens, at, imports);
}

function addString(token: Token | undefined, imports: Import[]): void {
  if (token?.kind === 'string') imports.push({ specifier: token.value, line: token.line, typeOnly: false, names: [] });
}

/** Reads `… from 'x'` after `import` or `export`. A declaration (`export const`, `export class`) has no such clause. */
function addClause(tokens: readonly Token[], at: number, imports: Import[]): void {
  const isExport = tokens[at]?.value === 'export';
  const typeOnly =
    tokens[at + 1]?.value === 'type' && tokens[at + 2]?.value !== 'from' && tokens[at + 2]?.value !== ',';
  let i = at + (typeOnly ? 2 : 1);
  if (isExport && tokens[i]?.value !== '{' && tokens[i]?.value !== '*') return;
  const names: string[] = [];
  for (let inBraces = false; i < tokens.length; i += 1) {
    const token = tokens[i] as Token;
    if (token.value === 'from' && !inBraces && tokens[i + 1]?.kind === 'string') {
      const source = tokens[i + 1] as Token;
      // `import { type A, type B }` is kept by verbatimModuleSyntax as a bare import: a value.
      imports.push({ specifier: source.value, line: source.line, typeOnly, names });
      return;
    }
    if (token.value === '{') inBraces = true;
    else if (token.value === '}') inBraces = false;
    else if (inBraces && token.kind === 'word' && ['{', ','].includes(tokens[i - 1]?.value ?? '')) {
      const inlineType = token.value === 'type' && tokens[i + 1]?.kind === 'word' && tokens[i + 1]?.value !== 'as';
      names.push((inlineType ? tokens[i + 1]?.value : token.value) ?? '');
    } else if (!inBraces && token.value !== ',' && token.value !== '*' && token.kind !== 'word') return;
  }
}
