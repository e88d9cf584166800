import assert from 'node:assert/strict';
import path from 'node:path';
import { startAgent, type Agent } from '@breakwater/agent';
import { consul } from '@breakwater/consul';
import { reflection } from '@breakwater/rpc';
import { createService, NO_CONFIG, type Service } from '@breakwater/service';
import { CliError, ReportedError } from '../../errors.js';
import { LAB, labService, PROTO_ROOT } from '../testdata/lab-service.js';
import { type TestIo, testIo } from '../testdata/test-io.js';
import { type CallCommandOptions, runCall } from './run-call.js';

const NOTHING: Omit<CallCommandOptions, 'target' | 'path'> = {
  ...{ data: undefined, protos: [], includes: [], timeoutMs: undefined, json: true, verbose: false },
  ...{
    headers: [],
    tls: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    authority: undefined,
    plaintext: undefined,
  },
};

const LAB_PROTO = ['acme/lab/v1/lab.proto'];
/** A self-signed certificate for lab.test and 127.0.0.1. */
const CERT = path.join(PROTO_ROOT, '../tls/cert.pem');
const KEY = path.join(PROTO_ROOT, '../tls/key.pem');

describe('breakwater call', function () {
  this.timeout(30_000);
  let service: Service;
  let target: string;

  before(async () => {
    service = await labService();
    const { host, port } = await service.start();
    target = `${host}:${port}`;
  });
  after(() => service.stop());

  const call = async (
    method: string | undefined,
    options: Partial<CallCommandOptions> = {},
    io: TestIo = testIo(),
  ): Promise<TestIo> => {
    await runCall({ target, path: method, ...NOTHING, ...options }, io);
    return io;
  };
  const output = async (
    method: string,
    data: unknown,
    options: Partial<CallCommandOptions> = {},
  ): Promise<unknown[]> => {
    const { stdout } = await call(`${LAB}/${method}`, { data: JSON.stringify(data), ...options });
    return stdout.map((line) => JSON.parse(line) as unknown);
  };
  const fault = async (
    method: string | undefined,
    options: Partial<CallCommandOptions>,
  ): Promise<{ message: string; remedy: string; exitCode: number }> => {
    try {
      await call(method, options);
    } catch (error) {
      if (error instanceof CliError)
        return { message: error.message, remedy: error.remedy ?? '', exitCode: error.exitCode };
      throw error;
    }
    throw new Error('the call did not fail');
  };

  describe('listing', () => {
    it('lists the services of a target', async () => {
      const { stdout } = await call(undefined);
      const listed = JSON.parse(stdout[0] ?? '') as { services: string[] };
      assert.deepEqual(listed.services, [
        LAB,
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
      ]);
      assert.equal((await call(undefined, { json: false })).stdout[0]?.split('\n')[0], LAB);
    });

    it('lists the methods of a service with the shapes of their requests', async () => {
      const text = (await call(LAB, { json: false })).stdout.join('\n');
      assert.match(text, /Echo\(acme\.lab\.v1\.Sample\) returns \(acme\.lab\.v1\.Sample\) {2}\(NO_SIDE_EFFECTS\)/);
      assert.match(text, /Chat\(stream acme\.lab\.v1\.Line\) returns \(stream acme\.lab\.v1\.Line\)/);
      assert.match(text, /"color": "COLOR_UNSPECIFIED" \| "COLOR_RED" \| "COLOR_GREEN"/);
      assert.match(text, /"counts": \{ string: int64, \.\.\. \}/);
      assert.match(text, /"city": string {3}one of origin/);
      assert.match(text, /"children": \[ \{ acme\.lab\.v1\.Sample \}, \.\.\. \]/);
    });

    it('lists the services of proto files without asking the server', async () => {
      const { stdout } = await call(undefined, { target: '127.0.0.1:1', protos: LAB_PROTO, includes: [PROTO_ROOT] });
      assert.deepEqual(JSON.parse(stdout[0] ?? ''), { target: '127.0.0.1:1', services: [LAB] });
    });
  });

  for (const [title, types] of [
    ['by reflection', {}],
    ['with --proto', { protos: LAB_PROTO, includes: [PROTO_ROOT] }],
  ] as const) {
    describe(title, () => {
      it('every kind of value makes the way there and back', async () => {
        const request = {
          ...{ big: '-9007199254740993', huge: '18446744073709551615', raw: 'AQL/', color: 'COLOR_GREEN' },
          ...{
            seenAt: '2026-01-02T03:04:05.123456789Z',
            took: '1.500s',
            free: { a: [1, null, { b: true }] },
            wrapped: 'w',
          },
          ...{ anything: { '@type': 'type.googleapis.com/acme.lab.v1.Line', text: 'in a box' }, counts: { x: '7' } },
          ...{ children: [], note: '', line: { text: 'home' }, ratio: 0.5 },
        };
        assert.deepEqual(await output('Echo', request, types), [request]);
      });

      it('all four kinds of methods', async () => {
        assert.deepEqual(await output('Count', { to: 3 }, types), [{ value: '1' }, { value: '2' }, { value: '3' }]);
        assert.deepEqual(await output('Sum', [{ value: 1 }, { value: '2' }], types), [{ value: '3' }]);
        assert.deepEqual(await output('Chat', [{ text: 'a' }, { text: 'b' }], types), [
          { text: 'you said a' },
          { text: 'you said b' },
        ]);
      });
    });
  }

  it('keeps the digits of integers beyond 2^53 that are not in quotes, and takes enums by number and fields by proto name', async () => {
    const { stdout } = await call(`${LAB}/Echo`, {
      data: '{"big": 9223372036854775807, "color": 2, "seen_at": "2026-01-02T03:04:05Z"}',
    });
    const { big, color, seenAt } = JSON.parse(stdout[0] ?? '') as Record<string, unknown>;
    assert.deepEqual([big, color, seenAt], ['9223372036854775807', 'COLOR_GREEN', '2026-01-02T03:04:05Z']);
  });

  it('sends the empty message when nothing is given, and nothing on a stream', async () => {
    assert.deepEqual((await call(`${LAB}/Count`)).stdout, []);
    assert.deepEqual((await call(`${LAB}/Sum`)).stdout, ['{"value":"0"}']);
  });

  it('sends messages of standard input as they come, and prints answers as they arrive', async () => {
    const io = testIo({ input: dialogue() });
    async function* dialogue(): AsyncGenerator<string> {
      yield '{"text":"a"}\n';
      // Only the answer to the first message brings forth the second: nothing waits for the end of the input.
      await io.until((stdout) => stdout.length === 1);
      yield '{"text":';
      yield '\n"b"}';
      await io.until((stdout) => stdout.length === 2);
    }
    await call(`${LAB}/Chat`, { data: '-' }, io);
    assert.deepEqual(io.stdout, ['{"text":"you said a"}', '{"text":"you said b"}']);
  });

  it('sends headers, and shows headers and trailers when asked', async () => {
    const { stderr } = await call(`${LAB}/Echo`, { headers: ['X-Asked: me: too'], verbose: true });
    assert.deepEqual(stderr, ['  header x-seen: me: too', '  trailer x-end: bye']);
  });

  it('ends quietly when the user does', async () => {
    const never: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    };
    const io = testIo({ input: chain(['{"text":"a"}'], never) });
    const running = call(`${LAB}/Chat`, { data: '-' }, io);
    await io.until((stdout) => stdout.length === 1);
    io.stop();
    await running;
    assert.deepEqual(io.stderr, []);
  });

  describe('a call that fails', () => {
    it('prints code, reason, text, peer, retry-after and decoded details, and fails', async () => {
      const io = testIo();
      await assert.rejects(call(`${LAB}/Fail`, { data: '{"code": 9}', json: false }, io), ReportedError);
      assert.deepEqual(io.stderr.join('\n').split('\n'), [
        'FAILED_PRECONDITION (ASKED_FOR): as you wish',
        `  call acme.lab.v1.Lab/Fail at ${target}`,
        `  peer ${target}`,
        '  retry after 250 ms',
        '  detail {"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"amount","description":"too much"}]}',
        '  detail {"@type":"type.googleapis.com/acme.Unheard","value":"AQI="}',
        '  detail {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"ASKED_FOR","domain":"breakwater"}',
      ]);
      assert.deepEqual(io.stdout, []);
    });

    it('prints one line of JSON for programs', async () => {
      const io = testIo();
      await assert.rejects(call(`${LAB}/Fail`, { data: '{"code": 5}' }, io), ReportedError);
      const { error } = JSON.parse(io.stderr[0] ?? '') as { error: Record<string, unknown> };
      assert.deepEqual(
        [error.code, error.reason, error.message, error.peer, error.retryAfterMs],
        ['NOT_FOUND', 'ASKED_FOR', 'as you wish', target, 250],
      );
    });

    it('says where nobody listens, with every attempt', async () => {
      const io = testIo();
      await assert.rejects(call(`${LAB}/Echo`, { target: '127.0.0.1:1', json: false }, io), ReportedError);
      assert.match(
        io.stderr.join('\n'),
        /^UNAVAILABLE \(CONNECT_FAILED\): .*127\.0\.0\.1:1.*nothing listens there\n[^]*attempt 3: UNAVAILABLE/,
      );
    });

    it('ends at its timeout', async () => {
      const never: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
      };
      const io = testIo({ input: never });
      await assert.rejects(call(`${LAB}/Chat`, { data: '-', timeoutMs: 50, json: false }, io), ReportedError);
      assert.match(io.stderr[0] ?? '', /^DEADLINE_EXCEEDED/);
    });
  });

  describe('bad input', () => {
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
      assert.match(
        (await fault(`${LAB}/Sum`, { data: '{"value":1}\n{"value":x}' })).message,
        /^-d, line 2 is no JSON: /,
      );
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

  it('a server without reflection: says to use --proto, which works', async () => {
    const silent = await labService({ reflection: false });
    const { host, port } = await silent.start();
    try {
      const { message, remedy } = await fault(`${LAB}/Echo`, { target: `${host}:${port}` });
      assert.equal(message, `${host}:${port} does not serve reflection (neither grpc.reflection.v1 nor v1alpha)`);
      assert.match(remedy, /--proto FILE\.proto/);
      const types = { protos: LAB_PROTO, includes: [PROTO_ROOT] };
      assert.deepEqual(await output('Sum', [{ value: 4 }], { target: `${host}:${port}`, ...types }), [{ value: '4' }]);
    } finally {
      await silent.stop();
    }
  });

  it('a server that has reflection v1alpha only is asked that way', async () => {
    const { v1alpha } = reflection([]);
    const old = createService({ name: 'old', logger: false, signals: false, reflection: false, config: NO_CONFIG }).add(
      v1alpha.definition,
      v1alpha.implementation,
    );
    const { host, port } = await old.start();
    try {
      const { stdout } = await call(undefined, { target: `${host}:${port}` });
      assert.match(stdout[0] ?? '', /grpc\.reflection\.v1alpha\.ServerReflection/);
    } finally {
      await old.stop();
    }
  });

  it('speaks TLS, verifies the name that is asked for, and says what does not fit', async () => {
    const secure = await labService({ tls: { cert: CERT, key: KEY } });
    const { host, port } = await secure.start();
    const at = { target: `${host}:${port}`, data: '{"value": 1}', json: false };
    try {
      assert.deepEqual((await call(`${LAB}/Sum`, { ...at, json: true, ca: CERT })).stdout, ['{"value":"1"}']);
      assert.deepEqual((await call(`${LAB}/Sum`, { ...at, json: true, ca: CERT, authority: 'lab.test' })).stdout, [
        '{"value":"1"}',
      ]);
      const refused = async (options: Partial<CallCommandOptions>): Promise<string> => {
        const io = testIo();
        await assert.rejects(call(`${LAB}/Sum`, { ...at, ...options }, io), ReportedError);
        return io.stderr.join('\n');
      };
      assert.match(await refused({ ca: CERT, authority: 'other.test' }), /^UNAVAILABLE \(TLS_FAILED\): .*other\.test/);
      assert.match(await refused({ tls: true }), /^UNAVAILABLE \(TLS_FAILED\): /);
      assert.match(await refused({}), /^UNAVAILABLE \(\w+\): .*TLS/);
    } finally {
      await secure.stop();
    }
  });

  describe('through a registry', () => {
    let agent: Agent;
    const before_ = process.env.CONSUL_HTTP_ADDR;
    before(async () => {
      agent = await startAgent({ port: 0 });
      process.env.CONSUL_HTTP_ADDR = agent.address;
    });
    after(async () => {
      if (before_ === undefined) delete process.env.CONSUL_HTTP_ADDR;
      else process.env.CONSUL_HTTP_ADDR = before_;
      await agent.close();
    });

    it('finds the instance, and says which registry has none of that name', async () => {
      const registry = consul({ address: agent.address });
      const announced = await labService({ registry });
      await announced.start();
      try {
        assert.deepEqual(await output('Sum', [{ value: 1 }], { target: 'consul:///lab' }), [{ value: '1' }]);
        const io = testIo();
        await assert.rejects(call(undefined, { target: 'consul:///lap', json: false }, io), ReportedError);
        assert.match(io.stderr.join('\n'), /^UNAVAILABLE \(\w+\): .*lap/);
      } finally {
        await announced.stop();
        await registry.close();
      }
    });
  });
});

async function* chain(first: readonly string[], then: AsyncIterable<string>): AsyncGenerator<string> {
  yield* first;
  yield* then;
}
