import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { FakeClock } from '@breakwater/core/testing';
import type { ProbeResult } from '../catalog/check-runner.js';
import type { CheckKind } from '../catalog/records.js';
import { startHealthServer, type HealthAnswer, type HealthServer } from '../testing/grpc-health-server.js';
import { createProbe } from './probe.js';

describe('the probe of a gRPC check', () => {
  let server: HealthServer;
  let clock: FakeClock;
  beforeEach(async () => {
    server = await startHealthServer();
    clock = new FakeClock();
  });
  afterEach(() => server.close());
  const probe = (service = '', address = server.address) => {
    const kind: CheckKind = {
      type: 'grpc',
      address,
      service,
      tls: false,
      verify: true,
      intervalMs: 1_000,
      timeoutMs: 1_000,
    };
    return createProbe(clock)({
      id: 'c',
      name: 'c',
      notes: '',
      status: 'critical',
      kind,
      deregisterAfterMs: undefined,
    });
  };

  it('passes when the service is SERVING, asking by its name', async () => {
    const { status, output } = await probe('shop.payments.v1.Payments').result;
    assert.equal(status, 'passing');
    assert.equal(output, `gRPC check ${server.address}/shop.payments.v1.Payments: success`);
    assert.deepEqual(server.asked, ['shop.payments.v1.Payments']);
  });

  it('asks for the whole server with an empty name, and writes long names too', async () => {
    await probe().result;
    await probe('x'.repeat(100)).result;
    assert.deepEqual(server.asked, ['', 'x'.repeat(100)]);
  });

  const bad: readonly (readonly [string, HealthAnswer, RegExp])[] = [
    ['UNKNOWN', { kind: 'status', status: 0 }, /status UNKNOWN/],
    ['NOT_SERVING', { kind: 'status', status: 2 }, /status NOT_SERVING/],
    [
      'NOT_FOUND',
      { kind: 'trailers_only', code: 5, message: 'unknown service: ä' },
      /code = 5 desc = unknown service: ä/,
    ],
    ['UNIMPLEMENTED', { kind: 'trailers_only', code: 12, message: '' }, /code = 12/],
    ['an HTTP error', { kind: 'http', status: 404 }, /HTTP status 404/],
    ['a truncated message', { kind: 'bytes', bytes: Buffer.from([0, 0, 0, 0, 9, 8]) }, /unreadable answer/],
    ['a compressed message', { kind: 'bytes', bytes: Buffer.from([1, 0, 0, 0, 2, 8, 1]) }, /unreadable answer/],
    ['a message that is too large', { kind: 'bytes', bytes: Buffer.alloc(100_000) }, /answer too large/],
  ];
  for (const [title, answer, says] of bad) {
    it(`is critical on ${title}`, async () => {
      server.answer = answer;
      const { status, output } = await probe().result;
      assert.equal(status, 'critical');
      assert.match(output, says);
    });
  }

  it('is critical when nobody listens', async () => {
    await server.close();
    const { status, output } = await probe().result;
    assert.equal(status, 'critical');
    assert.match(output, /ECONNREFUSED/);
  });

  it('is critical when the peer speaks no HTTP/2', async () => {
    const plain = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const address = plain.address();
    const { status } = await probe('', `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`).result;
    assert.equal(status, 'critical');
    await new Promise((resolve) => plain.close(resolve));
  });

  it('is critical after its timeout, closing the connection', async () => {
    server.answer = { kind: 'silent' };
    const { result } = probe();
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000);
    const { status, output } = await result;
    assert.equal(status, 'critical');
    assert.match(output, /no answer in 1000 ms/);
    while (server.sessions > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.pendingTimers, 0);
  });

  it('leaves no connection and no timer after any answer', async () => {
    await probe().result;
    while (server.sessions > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.pendingTimers, 0);
  });
});

describe('the probe of a TCP check', () => {
  const probe = (address: string): Promise<ProbeResult> => {
    const kind: CheckKind = { type: 'tcp', address, intervalMs: 1_000, timeoutMs: 1_000 };
    return createProbe(new FakeClock())({
      id: 'c',
      name: 'c',
      notes: '',
      status: 'critical',
      kind,
      deregisterAfterMs: undefined,
    }).result;
  };

  it('passes when somebody listens, and is critical when nobody does', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address();
    const address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
    assert.deepEqual(await probe(address), { status: 'passing', output: `TCP connect ${address}: Success` });
    await new Promise((resolve) => server.close(resolve));
    assert.equal((await probe(address)).status, 'critical');
  });
});
