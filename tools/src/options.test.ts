import assert from 'node:assert/strict';
import { isCi, parseTestOptions, TEST_HELP } from './options.js';

describe('parseTestOptions', () => {
  it('runs everything with two jobs when nothing is said', () => {
    assert.deepEqual(parseTestOptions([], {}), {
      full: false,
      grep: undefined,
      only: [],
      installServers: false,
      coverage: false,
      jobs: 2,
      ci: false,
    });
  });

  it('collects every --only', () => {
    assert.deepEqual(parseTestOptions(['--only', 'packages/core', '--only=packages/rpc'], {}).only, [
      'packages/core',
      'packages/rpc',
    ]);
  });

  it('names the nearest option for an unknown one', () => {
    assert.throws(
      () => parseTestOptions(['--instal-servers'], {}),
      /unknown option '--instal-servers', did you mean '--install-servers'/,
    );
  });

  it('has help for every option that it knows, and for no other', () => {
    const known = /Known: (.*)$/.exec(messageOf(() => parseTestOptions(['--x'], {})))?.[1]?.split(' ');
    const shown = [...TEST_HELP.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option);
    assert.deepEqual(shown.toSorted(), [...(known ?? []), '--help'].toSorted());
  });

  it('refuses a number of jobs that is no number in range', () => {
    for (const jobs of ['0', '65', '1.5', 'many'])
      assert.throws(
        () => parseTestOptions(['--jobs', jobs], {}),
        /--jobs is '.*': it must be a whole number from 1 to 64/,
      );
  });

  it('refuses a pattern that does not compile before any test runs', () => {
    assert.throws(() => parseTestOptions(['--grep', '('], {}), /--grep is '\(', which is not a regular expression/);
  });

  it('takes CI from the environment, where 0 and false mean no', () => {
    assert.equal(parseTestOptions([], { CI: 'true' }).ci, true);
    assert.deepEqual(
      [isCi({ CI: '1' }), isCi({ CI: '0' }), isCi({ CI: 'False' }), isCi({ CI: '' }), isCi({})],
      [true, false, false, false, false],
    );
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
