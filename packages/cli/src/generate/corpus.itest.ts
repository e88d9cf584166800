import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertConforms } from '@breakwater/codec/conformance';
import type { GenerateResult } from './generate.js';
import { generate } from './generate.js';
import { runProtoc } from './protoc.js';
import { CORPUS, Workspace } from './testdata/workspace.js';

/** What the tests use of a generated message. Its fields differ by message, so they are checked by deepEqual. */
interface Message {
  encode(message: unknown): { finish(): Uint8Array };
  decode(input: Uint8Array): Readonly<Record<string, unknown>>;
  fromPartial(partial: unknown): unknown;
  toJSON(message: unknown): unknown;
  fromJSON(json: unknown): unknown;
}

type Module = Readonly<Record<string, Message>>;

describe('code generated from odd protos', function () {
  this.timeout(120_000);
  let workspace: Workspace;
  let result: GenerateResult;

  before(async () => {
    workspace = await Workspace.create();
    result = await generate({ protoDir: CORPUS, outDir: workspace.path('gen') });
  });

  after(() => workspace.remove());

  it('compiles under every strict flag, companions and indexes included', async () => {
    const { code, stdout } = await workspace.compile('gen', 'dist');
    assert.equal(stdout, '');
    assert.equal(code, 0);
    const protos = (await readdir(CORPUS, { recursive: true })).filter((file) => file.endsWith('.proto'));
    assert.equal(result.protos.length, protos.length);
  });

  describe('at run time', () => {
    const load = async (file: string): Promise<Module> =>
      (await import(pathToFileURL(workspace.path('dist', file)).href)) as Module;
    const message = (module: Module, name: string): Message => module[name] ?? assert.fail(`${name} is not exported`);

    /** Through our bytes and back. */
    const roundTrip = (type: Message, partial: unknown): Readonly<Record<string, unknown>> =>
      type.decode(type.encode(type.fromPartial(partial)).finish());

    const protoc = (mode: 'encode' | 'decode', type: string, file: string, input: Uint8Array): Promise<Buffer> =>
      runProtoc([`--${mode}=${type}`, `--proto_path=${CORPUS}`, path.join(CORPUS, file)], { input });

    it('keeps all 64 bits of an integer, as bigint', async () => {
      const Scalars = message(await load('scalars.pb.js'), 'Scalars');
      const given = {
        fInt64: -(2n ** 63n),
        fUint64: 2n ** 64n - 1n,
        fSint64: -(2n ** 53n) - 1n,
        fFixed64: 2n ** 53n + 1n,
        fSfixed64: -1n,
      };
      const back = roundTrip(Scalars, given);
      assert.deepEqual({ ...back, ...given }, back);
      assert.throws(() => Scalars.encode(Scalars.fromPartial({ fInt64: 2n ** 63n })), /too large/);
    });

    it('keeps the nanoseconds of a Timestamp, on the wire and in JSON', async () => {
      const Known = message(await load('wkt/wkt.pb.js'), 'Known');
      const at = { seconds: 1_700_000_000n, nanos: 123_456_789 };
      const given = { at, times: [at], byName: { now: at }, when: { $case: 'instant', value: at } };
      const back = roundTrip(Known, given);
      assert.deepEqual({ ...back, ...given }, back);
      const json = Known.toJSON(back) as Readonly<Record<string, unknown>>;
      assert.equal(json['at'], '2023-11-14T22:13:20.123456789Z');
      assert.deepEqual(json['times'], ['2023-11-14T22:13:20.123456789Z']);
      assert.deepEqual(Known.fromJSON(JSON.parse(JSON.stringify(json))), back);
    });

    it('makes a oneof a union told apart by $case, whatever its member is', async () => {
      const Choice = message(await load('scalars.pb.js'), 'Choice');
      const members: readonly { readonly $case: string; readonly value: unknown }[] = [
        { $case: 'fDouble', value: 0 },
        { $case: 'fInt64', value: 0n },
        { $case: 'fBool', value: false },
        { $case: 'fString', value: '' },
        { $case: 'fBytes', value: Buffer.alloc(0) },
        { $case: 'fKind', value: 0 },
      ];
      for (const choice of members) assert.deepEqual(roundTrip(Choice, { choice })['choice'], choice);
      assert.equal(roundTrip(Choice, {})['choice'], undefined);
    });

    it('makes bytes a Buffer that has its own memory', async () => {
      const Scalars = message(await load('scalars.pb.js'), 'Scalars');
      const wire = Scalars.encode(Scalars.fromPartial({ fBytes: Buffer.from('abc') })).finish();
      const { fBytes } = Scalars.decode(wire);
      assert.ok(Buffer.isBuffer(fBytes));
      wire.fill(0);
      assert.equal(fBytes.toString(), 'abc');
    });

    it('tells an optional that is absent from one that is zero', async () => {
      const Optionals = message(await load('scalars.pb.js'), 'Optionals');
      assert.deepEqual(
        { ...roundTrip(Optionals, {}) },
        {
          fDouble: undefined,
          fInt32: undefined,
          fInt64: undefined,
          fBool: undefined,
          fString: undefined,
          fBytes: undefined,
          fKind: undefined,
          fMessage: undefined,
        },
      );
      const zeroes = {
        fDouble: 0,
        fInt32: 0,
        fInt64: 0n,
        fBool: false,
        fString: '',
        fBytes: Buffer.alloc(0),
        fKind: 0,
      };
      const back = roundTrip(Optionals, zeroes);
      assert.deepEqual({ ...back, ...zeroes }, back);
    });

    it('keeps maps with every kind of key', async () => {
      const Maps = message(await load('scalars.pb.js'), 'Maps');
      const given = {
        byString: { a: 'x', '': '' },
        byInt32: { [-1]: 2n ** 60n },
        byInt64: new Map([[-(2n ** 63n), 'least']]),
        byBool: new Map([[true, Buffer.from([1])]]),
        byFixed64: new Map([[2n ** 64n - 1n, 2]]),
        bySint32: { 7: 0.5 },
        bytesByString: { b: Buffer.from([0, 255]) },
      };
      const back = roundTrip(Maps, given);
      assert.deepEqual({ ...back, ...given }, back);
    });

    it('reads lists packed and unpacked, as protoc writes them', async () => {
      const Lists = message(await load('scalars.pb.js'), 'Lists');
      const text = Buffer.from(
        'f_double: [1, 2] f_int64: [-1, 9007199254740993] f_kind: [KIND_FIRST, KIND_LARGE] unpacked: [1, 18446744073709551615]',
      );
      const back = Lists.decode(await protoc('encode', 'scalars.Lists', 'scalars.proto', text));
      assert.deepEqual(
        [back['fDouble'], back['fInt64'], back['fKind'], back['unpacked']],
        [
          [1, 2],
          [-1n, 9_007_199_254_740_993n],
          [1, 2_147_483_647],
          [1n, 2n ** 64n - 1n],
        ],
      );
    });

    it('sends a proto2 field whenever it is set, required, zero or equal to its default', async () => {
      const Old = message(await load('two.pb.js'), 'Old');
      const bytes = Old.encode(
        Old.fromPartial({
          id: 0n,
          name: 'no "name"',
          level: 2,
          big: 9_007_199_254_740_993n,
          part: { text: 'in a group' },
          packed: [1, 2],
        }),
      ).finish();
      // protoc refuses to print a message whose required field is missing.
      const text = (await protoc('decode', 'two.Old', 'two.proto', bytes)).toString();
      assert.deepEqual(text.trim().split(/\s*\n\s*/), [
        'id: 0',
        'name: "no \\"name\\""',
        'packed: 1',
        'packed: 2',
        'level: HIGH',
        'big: 9007199254740993',
        'Part {',
        'text: "in a group"',
        '}',
      ]);
      assert.deepEqual(Old.decode(bytes)['part'], { text: 'in a group' });
    });

    it('follows the features of an edition: presence, delimited messages, expanded lists', async () => {
      const Modern = message(await load('edition2023.pb.js'), 'Modern');
      const text = 'explicit: "" part { data: "x" } expanded: 1 expanded: 2 needed: ""';
      const wire = await protoc('encode', 'edition2023.Modern', 'edition2023.proto', Buffer.from(text));
      const decoded = Modern.decode(wire);
      assert.deepEqual(
        { ...decoded },
        { implicit: 0n, explicit: '', part: { data: Buffer.from('x') }, expanded: [1, 2], needed: '' },
      );
      assert.deepEqual(Buffer.from(Modern.encode(decoded).finish()), wire);
      const Newest = message(await load('edition2024.pb.js'), 'Newest');
      assert.deepEqual({ ...roundTrip(Newest, { count: 0n }) }, { count: 0n, text: undefined });
    });

    it('prints an enum value it does not know, instead of failing on it', async () => {
      const Optionals = message(await load('scalars.pb.js'), 'Optionals');
      const decoded = roundTrip(Optionals, { fKind: 77 });
      assert.equal(decoded['fKind'], 77);
      assert.deepEqual(Optionals.toJSON(decoded), { fKind: 'UNRECOGNIZED' });
    });

    it('reaches equal names of two packages through the namespaces of the index', async () => {
      const root = (await import(pathToFileURL(workspace.path('dist/index.js')).href)) as {
        readonly clash: { readonly a: Module; readonly b: Module };
        readonly keywords: { readonly import: { readonly default: { readonly v1: Module } } };
        readonly Loose: Message;
      };
      const { a, b } = root.clash;
      assert.deepEqual({ ...roundTrip(message(a, 'Status'), { a: 1, other: { b: 2 } }) }, { a: 1, other: { b: 2 } });
      assert.deepEqual({ ...roundTrip(message(b, 'Status'), { b: 3 }) }, { b: 3 });
      assert.deepEqual({ ...roundTrip(root.Loose, { name: 'no package' }) }, { name: 'no package' });
      assert.deepEqual(
        roundTrip(message(root.keywords.import.default.v1, 'classMessage'), {
          enum: { $case: 'let', value: { type: 't' } },
        })['enum'],
        { $case: 'let', value: { type: 't' } },
      );
    });

    it('is encoded and decoded by the fast writer and reader as by its own', async () => {
      const files = (await readdir(workspace.path('dist'), { recursive: true })).filter((file) =>
        file.endsWith('.pb.js'),
      );
      let count = 0;
      for (const file of files) {
        for (const [name, type] of Object.entries(await load(file))) {
          if (typeof type !== 'object' || !('fromPartial' in type)) continue;
          assertConforms(`${file} ${name}`, type, { runs: 50 });
          count++;
        }
      }
      assert.ok(count > 100, `${count} messages`);
    });

    it('describes each file for reflection, imports included, under its original names', async () => {
      const { $file } = (await import(pathToFileURL(workspace.path('dist/keywords/keywords.descriptor.js')).href)) as {
        readonly $file: { readonly base64: string };
      };
      const text = (
        await protoc(
          'decode',
          'google.protobuf.FileDescriptorProto',
          'api/http.proto',
          Buffer.from($file.base64, 'base64'),
        )
      ).toString();
      assert.match(text, /^message_type \{\n {2}name: "class"$/m);
      assert.doesNotMatch(text, /source_code_info/);
    });
  });

  it('puts the comment of an RPC above its definition, and keeps its idempotency level', async () => {
    const code = await workspace.read('gen/api/http.pb.ts');
    assert.match(code, /\/\*\* Reads one thing\. \*\/\n {4}get: \{/);
    assert.match(code, /idempotencyLevel: "NO_SIDE_EFFECTS"/);
    assert.match(
      await workspace.read('gen/acme/deep/er/v1/deep.service.ts'),
      /Has no methods\.\n \*\/\nexport type NothingServer =/,
    );
  });

  it('emits no code for an import that only carries options', async () => {
    assert.equal(await workspace.has('gen/google/api/http.pb.ts'), false);
    assert.equal(await workspace.has('gen/google/api/http.descriptor.ts'), true);
  });

  it('gives the same bytes when it runs again', async () => {
    const again = await generate({ protoDir: CORPUS, outDir: workspace.path('gen'), check: true });
    assert.deepEqual([again.missing, again.differing, again.stale], [[], [], []]);
  });
});
