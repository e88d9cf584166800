import assert from 'node:assert/strict';
import { ConfigError, createRuntime, RpcError, type Runtime } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { inMemoryRegistry, type InMemoryRegistry } from '@breakwater/discovery';
import { inProcessTransport, type Transport } from '@breakwater/rpc';
import { createService, type Service } from '../server/create-service.js';
import { echo, EchoDefinition } from '../testing/echo.js';
import { createClient } from './create-client.js';
import { closeClient, inspectClient } from './client-handle.js';
import type { ClientOptions } from './client-options.js';

type Echo = ReturnType<typeof createClient<typeof EchoDefinition>>;

describe('createClient', () => {
  let clock: FakeClock;
  let runtime: Runtime;
  let registry: InMemoryRegistry;
  let transport: Transport;
  let connections: number;
  let service: Service;
  let handlers: Parameters<typeof echo>[0];
  beforeEach(async () => {
    clock = new FakeClock();
    runtime = createRuntime({ clock });
    registry = inMemoryRegistry({ clock });
    const inProcess = inProcessTransport();
    connections = 0;
    transport = {
      name: 'counting',
      listen: (options, methods) => inProcess.listen(options, methods),
      connect: (address, options) => {
        connections += 1;
        return inProcess.connect(address, options);
      },
    };
    handlers = {};
    service = createService({ name: 'echo', registry, transport, runtime, signals: false, logger: false }).add(
      EchoDefinition,
      { ...echo(), one: (request, context) => (handlers?.one ?? echo().one)(request, context) },
    );
    await service.start();
  });
  afterEach(async () => {
    await clock.run(service.stop());
    assert.equal(clock.pendingTimers, 0, 'a timer leaked');
  });

  const client = (options: ClientOptions = {}): Echo =>
    createClient(EchoDefinition, 'memory:///echo', { registry, transport, runtime, ...options });
  const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'OK',
      (error: unknown) => (error instanceof RpcError ? error.reason : error),
    );

  it('shares the connections of a target among clients with the same options, TLS by value', async () => {
    const same = [client(), client(), client({ backoff: { initialMs: 100 } }), client({ limits: {} })];
    for (const one of same) await one.one({});
    assert.equal(connections, 1);
    const other = [client({ limits: { maxSendMessageBytes: 100_000 } }), client({ authority: 'other' })];
    for (const one of other) await one.one({});
    assert.equal(connections, 3);
    const secure = [client({ tls: { serverName: 'echo' } }), client({ tls: { serverName: 'echo' } })];
    for (const one of secure) await one.one({});
    // One to check the settings with, and the one that is shared.
    assert.equal(connections, 5);
    await Promise.all([...same, ...other, ...secure].map((one) => closeClient(one)));
  });

  it('refuses calls of a closed client, while others of the same target go on', async () => {
    const [first, second] = [client(), client()];
    await first.one({});
    await closeClient(first);
    assert.equal(await reasonOf(first.one({})), 'CLIENT_CLOSED');
    assert.equal(await reasonOf(first.count({}).next()), 'CLIENT_CLOSED');
    assert.equal(await reasonOf(second.one({})), 'OK');
    await closeClient(second);
    assert.equal(await reasonOf(second.one({})), 'CLIENT_CLOSED');
  });

  it('ends the calls in flight of the last client after the grace; closing again waits for the same', async () => {
    handlers = { one: () => new Promise(() => {}) };
    const only = client();
    const call = reasonOf(only.one({}));
    await clock.advance(10);
    let ended = 0;
    const closed = [closeClient(only, 300), closeClient(only, 300)].map((one) => one.then(() => (ended += 1)));
    await clock.advance(299);
    assert.equal(ended, 0);
    await clock.advance(1);
    await Promise.all(closed);
    assert.equal(await call, 'CLIENT_CLOSED');
    await clock.advance(5000);
  });

  it('holds nothing when it refuses its options: the connections of others end with their last client', async () => {
    const good = client();
    await good.one({});
    const contradiction = { deadline: { timeoutMs: 100 }, attemptTimeout: { timeoutMs: 500 } };
    assert.throws(() => client({ policies: contradiction }), ConfigError);
    assert.throws(() => client({ policies: { circuitBreaker: { failureRatio: 7 } } }), ConfigError);
    assert.throws(() => client({ policies: { fallback: {} as never } }), ConfigError);
    const snapshot = (): unknown[] => [...inspectClient(good).endpoints];
    assert.equal(snapshot().length, 1);
    await closeClient(good);
    assert.equal(snapshot().length, 0);
  });

  it('names what is wrong with an option, and what it should be', () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ backoff: { initialMs: 0 } }, /backoff\.initialMs is 0/],
      [
        { backoff: { initialMs: 500, maxMs: 400 } },
        /backoff\.maxMs is 400, but must be at least backoff\.initialMs \(500\)/,
      ],
      [{ backoff: { maxMs: 50 } }, /backoff\.maxMs is 50, but must be at least backoff\.initialMs \(100\)/],
      [{ drainGraceMs: -1 }, /drainGraceMs is -1/],
      [{ authority: '' }, /authority is ""/],
      [{ credentials: 'Bearer x' }, /credentials is "Bearer x", but must be a function/],
      [{ registry: 'consul' }, /registry is "consul", but must be a registry/],
      [{ transport: 'grpc' }, /transport is "grpc", but must be one of wire, grpc-js/],
      [{ logger: 'info' }, /logger is "info", but must be a pino logger/],
      [{ picker: 'roundrobin' }, /picker is "roundrobin".*did you mean round_robin/],
      [{ policies: 'default' }, /policies is "default", but must be an object/],
      [{ policies: { retry: true } }, /policies\.retry is true, but must be an object of settings, or false/],
      [{ policies: { deadline: false } }, /timeoutMs: null/],
      [{ methods: { One: { bulkhead: 5 } } }, /methods\.One\.bulkhead is 5/],
      [{ methods: { On: {} } }, /methods\.On; did you mean "One"/],
      [{ polices: {} }, /unknown option polices; did you mean "policies"/],
    ];
    for (const [options, message] of cases) {
      assert.throws(
        () => client(options),
        (error: Error) => {
          assert.ok(error instanceof ConfigError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    }
    assert.throws(
      () => createClient(undefined as never, 'memory:///echo'),
      /definition is undefined, but must be a service definition/,
    );
    assert.throws(() => createClient(EchoDefinition, 5 as never), /target is 5, but must be a URI/);
    assert.throws(() => createClient(EchoDefinition, 'nomad:///echo'), /nobody resolves nomad:\/\//);
    assert.throws(() => closeClient({}), /must be a client made by createClient/);
  });

  it('is no promise: it can be returned from an async function', async () => {
    const one = await (async () => client())();
    assert.equal((await one.one({ text: 'x' })).text, 'x');
    await closeClient(one);
    await settleMicrotasks();
  });
});
