import assert from 'node:assert/strict';
import { diagnostics, snippets } from './snippets.js';

const FENCE = '```';
const markdown = (...lines: readonly string[]): string => lines.join('\n').replaceAll("'''", FENCE);

describe('snippets', () => {
  it('takes ts blocks only, without those marked ignore', () => {
    const found = snippets(
      markdown(
        "'''ts",
        'a',
        "'''",
        "'''sh",
        'b',
        "'''",
        "'''ts ignore",
        'c',
        "'''",
        "'''typescript",
        'd',
        "'''",
        "'''tsx",
        'e',
        "'''",
      ),
    );
    assert.deepEqual(
      found.map(({ text }) => text.trim()),
      ['a', 'd'],
    );
  });

  it('keeps the line numbers of the document', () => {
    const [snippet] = snippets(markdown('# Title', '', "'''ts", 'const a = 1;', "'''"));
    assert.equal(snippet?.line, 3);
    assert.equal(snippet?.text.split('\n')[3], 'const a = 1;');
  });

  it('joins a continued block to the one before, each at its own line', () => {
    const found = snippets(markdown("'''ts", 'const a = 1;', "'''", 'text', "'''ts continue", 'a + 1;', "'''"));
    assert.equal(found.length, 1);
    const lines = found[0]?.text.split('\n') ?? [];
    assert.deepEqual([lines[1], lines[5]], ['const a = 1;', 'a + 1;']);
  });

  it('does not end a block at a shorter fence inside it', () => {
    const [snippet] = snippets(['````ts', 'const a = `', FENCE, '`;', '````'].join('\n'));
    assert.match(snippet?.text ?? '', /```/);
  });
});

describe('diagnostics', () => {
  it('point into the document and keep the explanation', () => {
    const sources = new Map([['README.md-3.mts', 'README.md']]);
    assert.deepEqual(diagnostics('README.md-3.mts(4,7): error TS1: bad\n  because\n', sources), [
      { where: 'README.md:4:7', detail: 'error TS1: bad\n  because' },
    ]);
  });

  it('keep a message without a place', () => {
    assert.deepEqual(diagnostics('error TS5: no inputs\n', new Map()), [
      { where: 'snippets', detail: 'error TS5: no inputs' },
    ]);
  });
});
