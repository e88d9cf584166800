import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startAgent, type Agent } from '@breakwater/agent';
import { consul } from '@breakwater/consul';
import { reflection } from '@breakwater/rpc';
import { createService, NO_CONFIG } from '@breakwater/service';
import { ReportedError } from '../../errors.js';
import { CERT, KEY, LAB_PROTO, LabCalls } from '../testdata/lab-calls.js';
import { LAB, labService, PROTO_ROOT } from '../testdata/lab-service.js';
import { testIo } from '../testdata/test-io.js';
import type { CallCommandOptions } from './run-call.js';

describe('breakwater call', function () {
  this.timeout(30_000);
  const lab = new LabCalls();
  const { call, output, fault } = lab;
  let target: string;
  before(async () => {
    target = await lab.start();
  });
  after(() => lab.stop());

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
      assert.match(await refused({ ca: CERT, authority: 'other.test' }), /\nUse --authority NAME\.$/);
      assert.match(await refused({ tls: true }), /\nUse --ca FILE\.$/);
      assert.match(await refused({}), /\nUse --tls, or --ca FILE when /);
      const plain = await labService();
      try {
        const open = await plain.start();
        const target = `${open.host}:${open.port}`;
        assert.match(await refused({ target, tls: true }), /\nLeave out --tls, --ca, --cert and --key\.$/);
      } finally {
        await plain.stop();
      }
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

    it('says what to set when the registry denies access', async () => {
      const server = createServer((_request, response) => response.writeHead(403).end('Permission denied'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const io = testIo();
      try {
        const target = `consul://127.0.0.1:${port}/lab`;
        await assert.rejects(call(undefined, { target, json: false }, io), ReportedError);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
      assert.match(
        io.stderr.join('\n'),
        /^UNAVAILABLE \(REGISTRY_UNAVAILABLE\): .*access denied.*\n(.*\n)*Set CONSUL_HTTP_TOKEN/,
      );
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
