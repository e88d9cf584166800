import assert from 'node:assert/strict';
import { Workspace } from './generate/testdata/workspace.js';

describe('the breakwater command line', function () {
  this.timeout(60_000);
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await Workspace.create();
    await workspace.write('proto/a.proto', 'syntax = "proto3";', 'message A {}');
  });

  afterEach(() => workspace.remove());

  it('generates from ./proto into ./src/gen unless told otherwise, and says what it did', async () => {
    const { code, stdout, stderr } = await workspace.breakwater('generate');
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.equal(stdout, 'generated 2 files from 1 proto into src/gen: 2 written, 0 removed\n');
    assert.equal(await workspace.has('src/gen/a.pb.ts'), true);
    assert.equal((await workspace.breakwater('generate')).stdout, 'src/gen is up to date: 2 files from 1 proto\n');
  });

  it('fails a check with the files and with the exact command that mends it', async () => {
    const { code, stderr } = await workspace.breakwater('generate', '--check', '--out', 'my gen', '--include', 'proto');
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'error: my gen is not what the protos give\n  missing a.pb.ts\n  missing index.ts\nRun: npx breakwater generate --proto proto --out "my gen" --include proto\n',
    );
    assert.equal((await workspace.breakwater('generate', '--out', 'my gen', '--include', 'proto')).code, 0);
    assert.equal((await workspace.breakwater('generate', '--check', '--out', 'my gen')).code, 0);
  });

  it('shows a fault in a proto relative to the working directory, without a stack trace', async () => {
    await workspace.write('proto/a.proto', 'syntax = "proto3";', 'message A { B b = 1; }');
    const { code, stderr } = await workspace.breakwater('generate');
    assert.equal(code, 1);
    assert.equal(
      stderr,
      [
        'error: the protos do not compile',
        '  proto/a.proto:2:13: "B" is not defined.',
        '      message A { B b = 1; }',
        '                  ^',
        'Correct the lines above and run the command again.',
        '',
      ].join('\n'),
    );
  });

  it('suggests the nearest option and the nearest command, and exits 2', async () => {
    const option = await workspace.breakwater('generate', '--inclde', 'x');
    assert.deepEqual(
      [option.code, option.stderr],
      [2, "error: unknown option '--inclde'\n(Did you mean --include?)\n"],
    );
    const command = await workspace.breakwater('genrate');
    assert.deepEqual(
      [command.code, command.stderr],
      [2, "error: unknown command 'genrate'\n(Did you mean generate?)\n"],
    );
  });

  it('exits 2 when options exclude each other or lack their value', async () => {
    const both = await workspace.breakwater('generate', '--watch', '--check');
    assert.deepEqual(
      [both.code, both.stderr],
      [2, 'error: --watch and --check exclude each other\nUse one of them.\n'],
    );
    assert.equal((await workspace.breakwater('generate', '--proto')).code, 2);
  });

  it('prints help and version with exit code 0', async () => {
    assert.match((await workspace.breakwater('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
    const help = await workspace.breakwater('generate', '--help');
    assert.equal(help.code, 0);
    for (const option of ['--proto', '--out', '--include', '--watch', '--check'])
      assert.ok(help.stdout.includes(option), option);
  });
});
