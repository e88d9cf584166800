import assert from 'node:assert/strict';
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

  it('a proto that does not compile is shown with its line', async () => {
    const { message } = await fault(`${LAB}/Echo`, {
      protos: [path.join(PROTO_ROOT, 'acme/lab/v1/lab.proto')],
      includes: [],
    });
    assert.match(message, /acme\/lab\/v1\/color\.proto/);
  });
});
