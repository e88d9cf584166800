import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CERT, LAB_PROTO, LabCalls } from '../testdata/lab-calls.js';
import { LAB, PROTO_ROOT } from '../testdata/lab-service.js';

describe('bad input to breakwater call', function () {
  this.timeout(30_000);
  const lab = new LabCalls();
  const { fault } = lab;
  before(() => lab.start());
  after(() => lab.stop());

  it('a service that is not there: what there is, and the nearest', async () => {
    const { message, remedy } = await fault('acme.lab.v1.Lap/Echo', {});
    assert.equal(message, "the server's reflection knows no service acme.lab.v1.Lap");
    assert.match(remedy, /^Did you mean acme\.lab\.v1\.Lab\?\nIt has:\n {2}acme\.lab\.v1\.Lab\n/);
    assert.match((await fault('Lab/Echo', {})).remedy, /^Did you mean acme\.lab\.v1\.Lab\?/);
    assert.match(
      (await fault('a.B', { protos: LAB_PROTO, includes: [PROTO_ROOT] })).message,
      /^acme\/lab\/v1\/lab\.proto knows no service a\.B$/,
    );
  });

  it('a method that is not there: what there is, and the nearest', async () => {
    const { message, remedy } = await fault(`${LAB}/Eco`, {});
    assert.equal(message, 'acme.lab.v1.Lab has no method Eco');
    assert.equal(remedy, 'Did you mean Echo?\nIt has:\n  Echo\n  Count\n  Sum\n  Chat\n  Fail');
  });

  it('a dot before the method is as good as a slash, and what is wrong with it is told the same', async () => {
    const { stdout } = await lab.call(`${LAB}.Sum`, { data: '{"value": 3}' });
    assert.deepEqual(stdout, ['{"value":"3"}']);
    assert.equal((await fault(`${LAB}.Eco`, {})).message, 'acme.lab.v1.Lab has no method Eco');
    assert.equal(
      (await fault('acme.Lap.Echo', {})).message,
      "the server's reflection knows no service acme.Lap.Echo",
      'neither of both: as it was written',
    );
  });

  it('a field that the message does not have: where, the nearest, and all', async () => {
    const { message, remedy } = await fault(`${LAB}/Echo`, { data: '{"children": [{"colour": 1}]}' });
    assert.equal(message, '-d: children[0].colour: acme.lab.v1.Sample has no field "colour"');
    assert.match(remedy, /^Did you mean "color"\? It has big, huge,/);
    assert.match(
      (await fault(`${LAB}/Echo`, { data: '{"anything": {"@type": "x/acme.lab.v1.Line", "txt": ""}}' })).message,
      /anything\.txt: acme\.lab\.v1\.Line has no field "txt"$/,
    );
  });

  it('an enum value, a type or a value that cannot be', async () => {
    assert.match(
      (await fault(`${LAB}/Echo`, { data: '{"color": "COLOR_REED"}' })).message,
      /^-d: color is "COLOR_REED", but must be one of COLOR_UNSPECIFIED, /,
    );
    assert.match(
      (await fault(`${LAB}/Echo`, { data: '{"anything": {"@type": "x/acme.Nope"}}' })).message,
      /the type acme\.Nope in "@type" is not known/,
    );
    assert.match(
      (await fault(`${LAB}/Echo`, { data: '{"big": "9223372036854775808"}' })).message,
      /^-d: .*acme\.lab\.v1\.Sample\.big.*out of range/,
    );
    assert.match((await fault(`${LAB}/Echo`, { data: '{"city": "a", "line": {}}' })).message, /oneof/);
  });

  it('text that is no JSON, with the line on a stream, before and after the first message', async () => {
    assert.match((await fault(`${LAB}/Echo`, { data: '{"big":' })).message, /^-d is no JSON: /);
    assert.match((await fault(`${LAB}/Sum`, { data: '{"value":1}\n{"value":x}' })).message, /^-d, line 2 is no JSON: /);
    assert.match(
      (await fault(`${LAB}/Chat`, { data: '{"text":"a"}\n\n{"txt":"b"}' })).message,
      /^-d, line 3: acme\.lab\.v1\.Line has no field "txt"$/,
    );
    assert.match(
      (await fault(`${LAB}/Echo`, { data: '@/nowhere.json' })).message,
      /^-d @\/nowhere\.json cannot be read: ENOENT/,
    );
  });

  it('a target, a header or flags that make no sense are mistakes of the command line', async () => {
    for (const [options, message] of [
      [{ target: 'nonsense' }, /^target is "nonsense", but must be a URI/],
      [{ headers: ['novalue'] }, /^-H "novalue" is not "key: value"$/],
      [{ headers: ['grpc-timeout: 1S'] }, /grpc-timeout/],
      [{ plaintext: true, ca: 'x' }, /exclude each other/],
      [{ cert: 'x' }, /^--cert needs --key$/],
      [{ ca: '/nowhere.pem' }, /^--ca \/nowhere\.pem cannot be read: ENOENT/],
      [{ ca: path.join(PROTO_ROOT, LAB_PROTO[0] ?? '') }, /lab\.proto is no PEM/],
      [{ cert: CERT, key: CERT }, /^--key .*cert\.pem cannot be used: /],
      [{ protos: ['nope.proto'] }, /^--proto nope\.proto: there is no such file/],
      [{ protos: LAB_PROTO, includes: ['/nowhere'] }, /^--include \/nowhere: there is no such folder/],
      [{ path: 'a/b/c' }, /is not package\.Service or package\.Service\/Method$/],
    ] as const) {
      const found = await fault(`${LAB}/Echo`, options);
      assert.match(found.message, message);
      assert.equal(found.exitCode, 2, found.message);
    }
  });

  describe('a proto that cannot be loaded', () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    let folder: string;
    before(async () => {
      process.on('warning', note);
      folder = await mkdtemp(path.join(tmpdir(), 'breakwater-call-'));
    });
    after(async () => {
      process.off('warning', note);
      await rm(folder, { recursive: true });
    });
    const faultOf = async (text: string): ReturnType<typeof fault> => {
      await writeFile(path.join(folder, 'broken.proto'), text);
      return fault(`${LAB}/Echo`, { protos: [path.join(folder, 'broken.proto')] });
    };

    it('for an import that is not there: the line, where it was looked for, what to add, and nothing else', async () => {
      const proto = path.join(PROTO_ROOT, 'acme/lab/v1/lab.proto');
      const { message, remedy } = await fault(`${LAB}/Echo`, { protos: [proto] });
      assert.match(message, /^cannot find the imported acme\/lab\/v1\/color\.proto\n/);
      assert.match(message, /lab\.proto:5:1: Import .*\n {6}import "acme\/lab\/v1\/color\.proto";\n/);
      assert.ok(remedy.startsWith(`Searched:\n  ${process.cwd()}\n`), remedy);
      assert.match(remedy, /\nAdd --include DIR, where DIR\/acme\/lab\/v1\/color\.proto exists\.$/);
      await new Promise(setImmediate);
      assert.deepEqual(warnings, []);
    });

    it('for text that is no proto, and for a type that is not there: file, line, column, and the line', async () => {
      assert.match(
        (await faultOf('syntax = "proto3";\nmessage A {\n  int32 = 1;\n}\n')).message,
        /broken\.proto:3:9: Expected field name\.\n {8}int32 = 1;\n {14}\^$/,
      );
      assert.match(
        (await faultOf('syntax = "proto3";\nmessage A {\n  Missing one = 1;\n}\n')).message,
        /broken\.proto:3:3: "Missing" is not defined\.\n {8}Missing one = 1;\n/,
      );
    });

    it('for a type of a scope that lies beside: as protoc has it', async () => {
      assert.match(
        (await faultOf('syntax = "proto3";\nmessage A {\n  B b = 1;\n}\nmessage C {\n  message B {}\n}\n')).message,
        /broken\.proto:3:3: "B" is not defined\./,
      );
    });

    it('for what only protoc understands: says so, why, and that reflection would do', async () => {
      const { message, remedy } = await fault(`${LAB}/Echo`, {
        protos: ['acme/odd/v1/edition2024.proto'],
        includes: [PROTO_ROOT],
      });
      assert.match(
        message,
        /^--proto acme\/odd\/v1\/edition2024\.proto: protoc accepts this, but @grpc\/proto-loader cannot load it: .*2024/,
      );
      assert.match(remedy, /^Leave out --proto: .*reflection/);
    });
  });
});
