import assert from 'node:assert/strict';
import { buildProblem, goBinary, goModOf, type GoProgram } from './go-build.js';

const program: GoProgram = {
  name: 'thing',
  version: '1.2.3',
  go: '1.24',
  require: ['example.invalid/thing v1.2.3', 'example.invalid/part v0.1.0'],
  exclude: ['example.invalid/part v0.2.0'],
  mains: { thing: 'example.invalid/thing/cmd/thing' },
  limitMs: 60_000,
};

describe('building Go programs', () => {
  it('writes a module that requires and excludes what the program says', () => {
    assert.equal(
      goModOf(program),
      [
        'module breakwater.invalid/thing',
        'go 1.24',
        'require example.invalid/thing v1.2.3',
        'require example.invalid/part v0.1.0',
        'exclude example.invalid/part v0.2.0',
        '',
      ].join('\n'),
    );
  });

  it('keeps every version in a folder of its own', () => {
    assert.notEqual(goBinary(program, 'thing'), goBinary({ ...program, version: '1.2.4' }, 'thing'));
    assert.match(goBinary(program, 'thing'), /\/thing-1\.2\.3-go-\w+\/thing$/);
  });

  it('says why a build failed, not what was downloaded before', () => {
    const stderr = [
      'go: downloading example.invalid/part v0.1.0',
      'go: finding module for package example.invalid/more',
      'go: found example.invalid/more in example.invalid/more v1.0.0',
      '# example.invalid/thing',
      'main.go:1:1: undefined: x',
      '',
    ];
    assert.equal(buildProblem(stderr.join('\n')), 'main.go:1:1: undefined: x');
  });
});
