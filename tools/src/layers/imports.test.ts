import assert from 'node:assert/strict';
import { findImports } from './imports.js';
import { tokenize } from './lexer.js';

const specifiers = (text: string): readonly string[] => findImports(text).map(({ specifier }) => specifier);

describe('findImports', () => {
  it('finds every form of import and re-export', () => {
    const text = [
      `import a from 'm1';`,
      `import * as b from "m2";`,
      `import c, { d, e as f } from 'm3';`,
      `import 'm4';`,
      `import type { G } from 'm5';`,
      `export { h } from 'm6';`,
      `export * from 'm7';`,
      `export * as i from 'm8';`,
      `export type { J } from 'm9';`,
      `const k = await import('m10');`,
      `type L = typeof import('m11');`,
      `import m = require('m12');`,
      `import {`,
      `  n,`,
      `  type O,`,
      `} from 'm13';`,
    ].join('\n');
    assert.deepEqual(
      specifiers(text),
      Array.from({ length: 13 }, (_, i) => `m${i + 1}`),
    );
  });

  it('says the line, whether it is erased, and the names', () => {
    const [first, second] = findImports(`\n\nimport type { A } from 'x';\nimport {\n  b as c, type D\n} from 'y';`);
    assert.deepEqual(first, { specifier: 'x', line: 3, typeOnly: true, names: ['A'] });
    assert.deepEqual(second, { specifier: 'y', line: 6, typeOnly: false, names: ['b', 'D'] });
  });

  it('tells a default import named type from a type import', () => {
    assert.deepEqual(
      findImports(`import type from 'x';`).map(({ typeOnly }) => typeOnly),
      [false],
    );
  });

  it('is not misled by comments, strings, templates and regular expressions', () => {
    const text = [
      `// import 'no1';`,
      `/* import 'no2'; */`,
      `const a = "import 'no3'";`,
      "const b = `import 'no4' ${`import 'no5'`} import 'no6'`;",
      `const c = /import 'no7'/;`,
      `const d = a.import('no8');`,
      `const e = { import: 'no9' };`,
      `export const from = 'no10';`,
      `const url = import.meta.url;`,
      `import 'yes';`,
    ].join('\n');
    assert.deepEqual(specifiers(text), ['yes']);
  });

  it('finds an import inside the expression of a template', () => {
    assert.deepEqual(specifiers("const a = `x ${await import('yes')} y`; import 'too';"), ['yes', 'too']);
  });

  it('reads on correctly after divisions, nested templates and braces', () => {
    assert.deepEqual(
      specifiers("const a = (1 + 2) / 3; const b = x / y; const q = `${{ a: `${'}'}` }.a}`; import 'yes';"),
      ['yes'],
    );
  });
});

describe('tokenize', () => {
  it('counts lines through comments, templates and strings', () => {
    const words = tokenize('/* 1\n2 */ a\n`3\n${b}\n` c').filter(({ kind }) => kind === 'word');
    assert.deepEqual(
      words.map(({ value, line }) => `${value}${line}`),
      ['a2', 'b4', 'c5'],
    );
  });

  it('takes a quote inside a character class of a regular expression for what it is', () => {
    assert.deepEqual(
      tokenize(`const r = /[/'"]/g; const s = 'x';`)
        .filter(({ kind }) => kind === 'string')
        .map(({ value }) => value),
      ['x'],
    );
  });
});
