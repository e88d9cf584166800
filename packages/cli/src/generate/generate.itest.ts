import assert from 'node:assert/strict';
import { rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';
import type { GenerateOptions } from './generate.js';
import { generate } from './generate.js';
import { Workspace } from './testdata/workspace.js';

describe('generate', function () {
  this.timeout(60_000);
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await Workspace.create();
  });

  afterEach(() => workspace.remove());

  const run = (options: Partial<GenerateOptions> = {}) =>
    generate({ protoDir: workspace.path('proto'), outDir: workspace.path('gen'), ...options });

  const failure = async (
    options: Partial<GenerateOptions> = {},
  ): Promise<{ readonly message: string; readonly remedy: string }> => {
    const error = await run(options).then(
      () => assert.fail('it succeeded'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof CliError, String(error));
    return { message: error.message, remedy: error.remedy ?? '' };
  };

  const proto = (name: string, ...lines: readonly string[]): Promise<void> =>
    workspace.write(`proto/${name}`, 'syntax = "proto3";', ...lines);

  describe('of protos that do not compile', () => {
    it('says file:line:column and shows the line with a caret below the fault', async () => {
      await proto('shop/bad.proto', 'package shop;', 'message Order {', '\tOrdr next = 1; // größer', '}');
      const { message } = await failure();
      assert.deepEqual(message.split('\n').slice(1), [
        `  ${workspace.path('proto')}/shop/bad.proto:4:9: "Ordr" is not defined.`,
        '      \tOrdr next = 1; // größer',
        '      \t^',
      ]);
    });

    it('places the caret by characters where protoc counts bytes', async () => {
      await proto('bad.proto', 'message Order { /* größer */ Ordr next = 1; }');
      const { message } = await failure();
      const [, , source = '', caret = ''] = message.split('\n');
      assert.equal(caret.indexOf('^'), source.indexOf('Ordr'));
    });

    it('reports every fault of a file', async () => {
      await proto('c.proto', 'message C { D d = 1;', 'E e = 1; }');
      const { message } = await failure();
      for (const fault of ['c.proto:2:13: "D" is not defined', 'c.proto:3:1: "E" is not defined'])
        assert.ok(message.includes(fault), message);
    });

    it('says which import a well-known type needs, and what a file without its syntax is read as', async () => {
      for (const [type, file] of [
        ['Timestamp', 'timestamp'],
        ['FieldMask', 'field_mask'],
        ['Int64Value', 'wrappers'],
        ['Value', 'struct'],
      ]) {
        await proto('a.proto', `message A { google.protobuf.${type} at = 1; }`);
        assert.equal(
          (await failure()).remedy,
          `google.protobuf.${type} needs import "google/protobuf/${file}.proto"; at the top of the file.`,
        );
      }
      await workspace.write('proto/a.proto', 'message A { string id = 1; }');
      assert.equal((await failure()).remedy, 'A file that does not begin with syntax = "proto3"; is read as proto2.');
    });

    it('says where it looked for a missing import, and which option to add', async () => {
      await workspace.write('lib/.keep');
      await proto('a.proto', 'import "other/money.proto";', 'message A { other.Money money = 1; }');
      const { message, remedy } = await failure({ includeDirs: [workspace.path('lib')] });
      assert.match(message, /^cannot find the imported other\/money\.proto\n/);
      assert.match(message, /a\.proto:2:1: Import "other\/money\.proto" was not found/);
      assert.match(message, /import "other\/money\.proto";\n +\^/);
      assert.ok(remedy.includes(`\n  ${workspace.path('proto')}\n  ${workspace.path('lib')}\n`), remedy);
      assert.match(remedy, /Add --include DIR, where DIR\/other\/money\.proto exists\./);
    });

    it('writes nothing', async () => {
      await proto('good.proto', 'message Good {}');
      await proto('bad.proto', 'message Bad { Missing x = 1; }');
      await failure();
      assert.equal(await workspace.has('gen'), false);
    });

    it('names two RPCs that code could not tell apart', async () => {
      await proto('a.proto', 'message A {}', 'service S { rpc Get(A) returns (A); rpc get(A) returns (A); }');
      assert.deepEqual(await failure(), {
        message: 'a.proto: service S has the RPCs Get and get, which both become get in TypeScript',
        remedy: 'Rename one of them.',
      });
    });
  });

  describe('with folders that cannot serve', () => {
    it('names a proto folder that does not exist', async () => {
      const { message, remedy } = await failure();
      assert.match(message, /^--proto .*proto: there is no such folder/);
      assert.match(remedy, /--proto DIR/);
    });

    it('names a proto folder without protos', async () => {
      await workspace.write('proto/readme.md', 'nothing here');
      assert.equal((await failure()).message, `no .proto files below ${workspace.path('proto')}`);
    });

    it('names an include folder that is a file', async () => {
      await proto('a.proto');
      await workspace.write('file');
      assert.match(
        (await failure({ includeDirs: [workspace.path('file')] })).message,
        /^--include .*file: this is not a folder/,
      );
    });

    it('names an output folder that cannot be one', async () => {
      await proto('a.proto', 'message A {}');
      await workspace.write('gen');
      const { message, remedy } = await failure();
      assert.match(message, /^cannot write to .*gen: ENOTDIR/);
      assert.match(remedy, /--out DIR/);
    });
  });

  it('finds imports in the include folders, in google/protobuf and in google/api', async () => {
    await workspace.write(
      'lib/other/money.proto',
      'syntax = "proto3";',
      'package other;',
      'message Money { int64 units = 1; }',
    );
    await proto(
      'a.proto',
      'import "other/money.proto";',
      'import "google/protobuf/timestamp.proto";',
      'import "google/api/annotations.proto";',
      'message A { other.Money money = 1; google.protobuf.Timestamp at = 2; }',
      'service S { rpc Get(A) returns (A) { option (google.api.http) = { get: "/a" }; } }',
    );
    const { files, warnings } = await run({ includeDirs: [workspace.path('lib')] });
    assert.deepEqual(warnings, []);
    for (const file of ['other/money.pb.ts', 'google/protobuf/timestamp.pb.ts', 'a.service.ts'])
      assert.ok(files.includes(file), file);
  });

  it('passes on the warnings of protoc', async () => {
    await proto('a.proto', 'import "google/protobuf/any.proto";', 'message A {}');
    const { warnings } = await run();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /a\.proto:2:1: warning: Import google\/protobuf\/any\.proto is unused\./);
  });

  it('emits messages and descriptors alone when asked for no companions', async () => {
    await proto('a.proto', 'message A {}', 'service S { rpc Get(A) returns (A); }');
    assert.deepEqual((await run({ companions: false })).files, ['a.descriptor.ts', 'a.pb.ts']);
  });

  it('ignores protos in node_modules and in dot folders', async () => {
    await proto('a.proto', 'message A {}');
    await proto('node_modules/b.proto', 'broken');
    await proto('.cache/c.proto', 'broken');
    assert.deepEqual((await run()).protos, ['a.proto']);
  });

  describe('into a folder with content', () => {
    it('removes the files of a vanished proto and the folders it leaves empty', async () => {
      await proto('a.proto', 'message A {}');
      await proto('old/deep/b.proto', 'package old.deep;', 'message B {}');
      await run();
      await rm(workspace.path('proto/old'), { recursive: true });
      assert.deepEqual((await run()).stale, ['old/deep/b.pb.ts', 'old/deep/index.ts', 'old/index.ts']);
      assert.equal(await workspace.has('gen/old'), false);
      assert.equal(await workspace.has('gen/a.pb.ts'), true);
    });

    it('leaves files that it did not generate', async () => {
      await workspace.write('gen/mine.ts', 'export const mine = 1;');
      await workspace.write('gen/other.pb.ts', '// Code generated by protoc-gen-ts_proto. DO NOT EDIT.');
      await proto('a.proto', 'message A {}');
      assert.deepEqual((await run()).stale, []);
      assert.equal(await workspace.read('gen/mine.ts'), 'export const mine = 1;\n');
      assert.equal(await workspace.has('gen/other.pb.ts'), true);
    });

    it('refuses to replace a file that it did not generate, before it writes anything', async () => {
      await workspace.write('gen/b.pb.ts', 'export const mine = 1;');
      await proto('a.proto', 'message A {}');
      await proto('b.proto', 'message B {}');
      assert.match((await failure()).message, /gen\/b\.pb\.ts was not generated by breakwater/);
      assert.equal(await workspace.read('gen/b.pb.ts'), 'export const mine = 1;\n');
      assert.equal(await workspace.has('gen/a.pb.ts'), false);
    });

    it('does not touch a file that is up to date', async () => {
      await proto('a.proto', 'message A {}');
      await run();
      const long = new Date(0);
      await utimes(workspace.path('gen/a.pb.ts'), long, long);
      assert.equal((await run()).fresh, true);
      assert.equal((await stat(workspace.path('gen/a.pb.ts'))).mtimeMs, 0);
    });

    it('takes other line ends for no difference', async () => {
      await proto('a.proto', 'message A {}');
      await run();
      const code = await workspace.read('gen/a.pb.ts');
      await workspace.write(
        'gen/a.pb.ts',
        ...code
          .split('\n')
          .slice(0, -1)
          .map((line) => `${line}\r`),
      );
      assert.equal((await run({ check: true })).fresh, true);
    });
  });

  it('when checking, lists what is missing, different and stale, and changes nothing', async () => {
    await proto('a.proto', 'message A {}');
    await proto('old.proto', 'message Old {}');
    await run();
    await rm(workspace.path('proto/old.proto'));
    await proto('a.proto', 'message A { int32 more = 1; }');
    await proto('b.proto', 'message B {}');
    const before = await workspace.read('gen/a.pb.ts');
    const { missing, differing, stale, fresh } = await run({ check: true });
    assert.deepEqual(
      { missing, differing, stale, fresh },
      { missing: ['b.pb.ts'], differing: ['a.pb.ts', 'index.ts'], stale: ['old.pb.ts'], fresh: false },
    );
    assert.equal(await workspace.read('gen/a.pb.ts'), before);
    assert.equal(await workspace.has('gen/b.pb.ts'), false);
  });

  it('gives output that does not depend on where the protos lie', async () => {
    await proto('shop/a.proto', 'package shop;', 'message A {}', 'service S { rpc Get(A) returns (A); }');
    await run();
    await workspace.write('elsewhere/else/shop/a.proto', await workspace.read('proto/shop/a.proto'));
    const { fresh } = await run({ protoDir: path.join(workspace.dir, 'elsewhere/else'), check: true });
    assert.equal(fresh, true);
  });
});
