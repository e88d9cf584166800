import assert from 'node:assert/strict';
import { parseVerdict, patterns } from './run-suite.js';

describe('the verdict of connectconformance', () => {
  it('counts what passed and what failed as expected', () => {
    const output = [
      'INFO: Basic/unary failed (as expected):',
      '\texpecting an error but received none',
      '',
      'Total cases: 12',
      '10 passed, 0 failed',
      '(Another 2 failed as expected due to being known failures/flakes.)',
    ];
    assert.deepEqual(parseVerdict(output.join('\n')), { passed: 10, excused: 2, failures: [] });
  });

  it('names what failed with its reasons, and what no longer fails', () => {
    const output = [
      'FAILED: Basic/TLS:false/unary:',
      '\tfirst reason',
      '\tsecond reason',
      'FAILED: Basic/TLS:true/unary was expected to fail but did not',
      '',
      'Total cases: 2',
      '0 passed, 2 failed',
    ];
    assert.deepEqual(parseVerdict(output.join('\n')).failures, [
      'Basic/TLS:false/unary:\n\tfirst reason\n\tsecond reason',
      'Basic/TLS:true/unary was expected to fail but did not',
    ]);
  });

  it('takes cases that could not be run for failures, with the first line as their reason', () => {
    const output = [
      'could not send request: client stdin is closed',
      'Total cases: 2',
      '2 passed, 0 failed',
      'Another 7 could not be run due to client timing out or exiting prematurely.',
    ];
    assert.match(parseVerdict(output.join('\n')).failures[0] ?? '', /^Another 7 could not be run[^]*stdin is closed$/);
  });

  it('is none without totals', () => {
    assert.throws(() => parseVerdict('panic: no such file'), /gave no totals:\npanic/);
  });
});

describe('a list of excused cases', () => {
  it('holds a pattern on every line that is no comment', () => {
    assert.deepEqual(patterns('# Why.\nBasic/**/unary\n\n  # Why else.\n  **/bidi \n'), ['Basic/**/unary', '**/bidi']);
  });
});
