import assert from 'node:assert/strict';
import { showsAs, tutorialSteps, visibleLines } from './tutorial.js';

const markdown = (...lines: readonly string[]): string => lines.join('\n').replaceAll("'''", '```');

describe('tutorialSteps', () => {
  it('reads files, commands, terminals and outputs in the order of the text', () => {
    const text = markdown(
      "'''sh",
      'outside',
      "'''",
      '<!-- tutorial -->',
      "'''ts ignore title=\"src/a.ts\"",
      'const a = 1;',
      "'''",
      "'''sh",
      'npm i',
      "'''",
      "'''text",
      'done',
      "'''",
      "'''sh terminal=\"agent\"",
      'run',
      "'''",
      '\'\'\'text terminal="agent" press="Ctrl-C"',
      'bye',
      "'''",
      '<!-- /tutorial -->',
      "'''sh",
      'outside',
      "'''",
    );
    assert.deepEqual(tutorialSteps(text), [
      { kind: 'file', path: 'src/a.ts', text: 'const a = 1;\n', line: 5 },
      { kind: 'run', script: 'npm i', exit: 0, line: 8 },
      { kind: 'output', terminal: undefined, lines: ['done'], line: 11 },
      { kind: 'start', terminal: 'agent', script: 'run', line: 14 },
      { kind: 'press', terminal: 'agent', line: 17 },
      { kind: 'output', terminal: 'agent', lines: ['bye'], line: 17 },
    ]);
  });

  it('knows of commands that are to fail', () => {
    const text = markdown('<!-- tutorial -->', "'''sh exit=\"1\"", 'false', "'''", '<!-- /tutorial -->');
    assert.deepEqual(tutorialSteps(text), [{ kind: 'run', script: 'false', exit: 1, line: 2 }]);
  });

  it('refuses a block that a reader would not know what to do with', () => {
    const text = markdown('<!-- tutorial -->', "'''ts", 'a', "'''", '<!-- /tutorial -->');
    assert.throws(() => tutorialSteps(text), /line 2: .*not 'ts'/);
  });

  it('refuses a text without a tutorial', () => {
    assert.throws(() => tutorialSteps('# Title'), /no part between/);
  });
});

describe('visibleLines', () => {
  it('leaves out empty lines and remarks of npm', () => {
    assert.deepEqual(visibleLines('a\n\nnpm warn old\nnpm notice new\n b\n'), ['a', ' b']);
  });
});

describe('showsAs', () => {
  it('takes every character as it stands, and … for anything', () => {
    assert.equal(showsAs('port … (free)', 'port 4711 (free)'), true);
    assert.equal(showsAs('port …', 'the port 4711'), false);
    assert.equal(showsAs('a.c', 'abc'), false);
  });
});
