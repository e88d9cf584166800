import assert from 'node:assert/strict';
import type { MessageType, ServiceDefinition } from '@breakwater/rpc';
import { createService, NO_CONFIG, type Service } from '@breakwater/service';
import { compileProtos } from '../../generate/protoc.js';
import { LabCalls } from '../testdata/lab-calls.js';
import { PROTO_ROOT, protoFile } from '../testdata/lab-service.js';

const PROTO = 'acme/odd/v1/scopes.proto';
const ODD = 'acme.odd.v1.Odd';

describe('breakwater call with types that are hard to tell apart', function () {
  this.timeout(30_000);
  const { call } = new LabCalls();
  let service: Service;
  let target: string;
  before(async () => {
    service = await echo();
    const { host, port } = await service.start();
    target = `${host}:${port}`;
  });
  after(() => service.stop());

  const request = {
    ...{ inside: 'INSIDE', outside: 'STATUS_OUTSIDE', spelledOut: 'BELOW', mode: 'MODE_FAST' },
    ...{ line: { text: 'a' }, otherLine: { texts: ['b', 'c'] }, sameLine: { texts: [] } },
    ...{ counts: { x: '-9007199254740993' }, byNumber: { '7': { status: 'INSIDE' } }, byBool: { true: 'BELOW' } },
    ...{ list: [{ count: 1 }], note: '', maybe: 'NONE', calledOtherwise: 'r', oddName2x: 3 },
    ...{ packed: [1, 2], expanded: [3, 4] },
    inner: { deep: { status: 'NONE' }, status: 'STATUS_OUTSIDE', line: { text: 'd' } },
    old: {
      ...{ name: '', count: 0, expanded: [1], packed: [2], grouped: { text: 'e' }, five: 'FIVE', raw: 'AQI=' },
      ...{ '[acme.odd.v1.outer_five]': 'SIX', '[acme.odd.v1.Old.inner_note]': 'f' },
    },
    modern: { explicit: '', needed: 'g', packed: [1], expanded: [2], delimited: { needed: 'h' }, shade: 'SHADE_DARK' },
    version: { major: 3 },
  };

  it('answers the same by reflection and with --proto, whatever the value', async () => {
    for (const one of [request, {}, { text: '' }, { at: '2026-01-02T03:04:05Z' }, { outside: 'STATUS_UNSPECIFIED' }]) {
      const answers = [await echoed(one, {}), await echoed(one, { protos: [PROTO], includes: [PROTO_ROOT] })];
      assert.deepEqual(answers[1], answers[0]);
    }
  });

  it('gives back every value that was sent', async () => {
    const [answer] = (await echoed(request, { protos: [PROTO], includes: [PROTO_ROOT] })) as [typeof request];
    assert.deepEqual(answer.old, request.old);
    assert.deepEqual([answer.inside, answer.outside, answer.mode], ['INSIDE', 'STATUS_OUTSIDE', 'MODE_FAST']);
    assert.deepEqual([answer.note, answer.maybe, answer.calledOtherwise], ['', 'NONE', 'r']);
  });

  it('shows the same methods by reflection and with --proto', async () => {
    const shown = await Promise.all(
      [{}, { protos: [PROTO], includes: [PROTO_ROOT] }].map((types) => call(ODD, { target, json: false, ...types })),
    );
    assert.match(shown[0]?.stdout.join('\n') ?? '', /Echo\(acme\.odd\.v1\.Outer\) .*\(IDEMPOTENT\)/);
    assert.deepEqual(shown[1]?.stdout, shown[0]?.stdout);
  });

  const echoed = (
    data: object,
    types: { readonly protos?: string[]; readonly includes?: string[] },
  ): Promise<unknown[]> =>
    call(`${ODD}/Echo`, { target, data: JSON.stringify(data), ...types }).then(({ stdout }) =>
      stdout.map((line) => JSON.parse(line) as unknown),
    );
});

/** Gives back the bytes that it got, and tells its types by reflection. */
async function echo(): Promise<Service> {
  const { set } = await compileProtos({ protoDir: PROTO_ROOT, files: [PROTO], includeDirs: [] });
  const definition: ServiceDefinition = {
    ...{ name: 'Odd', fullName: ODD, file: protoFile(PROTO, set.file) },
    methods: {
      Echo: {
        ...{ name: 'Echo', requestType: BYTES, responseType: BYTES, requestStream: false, responseStream: false },
        options: {},
      },
    },
  };
  return createService({ name: 'odd', logger: false, signals: false, config: NO_CONFIG }).add(definition, {
    Echo: async (request: unknown) => request,
  });
}

const BYTES: MessageType = {
  encode: (message) => ({ finish: () => message as Uint8Array }),
  decode: (bytes) => bytes,
  fromPartial: (partial) => partial,
};
