import assert from 'node:assert/strict';
import { Code, ConfigError, createRuntime, RpcError, type Runtime } from '@breakwater/core';
import { FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { inMemoryRegistry, type InMemoryRegistry } from '@breakwater/discovery';
import { Health, inProcessTransport, ListenError, type Transport } from '@breakwater/rpc';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import { EchoDefinition, echo } from '../testing/echo.js';
import { createService, type Service, type ServiceOptions } from './create-service.js';

describe('the life of a service', () => {
  let clock: FakeClock;
  let runtime: Runtime;
  let registry: InMemoryRegistry;
  let transport: Transport;
  beforeEach(() => {
    clock = new FakeClock();
    runtime = createRuntime({ clock });
    registry = inMemoryRegistry({ clock });
    transport = inProcessTransport();
  });

  const service = (options: Partial<ServiceOptions> = {}): Service =>
    createService({ name: 'echo', registry, transport, runtime, signals: false, logger: false, ...options });
  const client = (): ReturnType<typeof createClient<typeof EchoDefinition>> =>
    createClient(EchoDefinition, 'memory:///echo', { registry, transport, runtime });
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'OK',
      (error: unknown) => (error instanceof RpcError ? Code[error.code] : String(error)),
    );

  it('says SERVING before it registers, and is called through the registry', async () => {
    const running = service().add(EchoDefinition, echo());
    assert.equal(running.health.get(''), 'NOT_SERVING');
    let healthAtRegistration: string | undefined;
    const register = registry.register.bind(registry);
    registry.register = (instance) => {
      healthAtRegistration = running.health.get('');
      return register(instance);
    };
    const { port } = await running.start();
    assert.ok(port > 0);
    assert.equal(healthAtRegistration, 'SERVING');
    assert.equal(running.health.get('test.v1.Echo'), 'SERVING');
    const stub = client();
    assert.equal((await stub.one({ text: 'hello' })).text, 'hello');
    await closeClient(stub);
    await clock.run(running.stop());
  });

  it('leaves in order: NOT_SERVING, out of the registry, wait, GOAWAY; until then it serves as before', async () => {
    const running = service({ lifecycle: { propagationWaitMs: 700 } }).add(EchoDefinition, echo());
    await running.start();
    const stub = client();
    await stub.one({});
    const stopping = running.stop();
    await clock.advance(0);
    assert.equal(running.health.get(''), 'NOT_SERVING');
    assert.deepEqual(await registry.services(), []);
    await clock.advance(699);
    assert.equal(await codeOf(stub.one({})), 'OK', 'it is still served');
    const late = createClient(EchoDefinition, 'memory:///echo', {
      registry: await staleRegistry(),
      transport,
      runtime,
    });
    assert.equal(await codeOf(late.one({})), 'OK', 'a client that has not heard yet is served too');
    const report = await clock.run(stopping);
    assert.deepEqual([report.forced, report.blockedBy], [false, []]);
    assert.ok(report.tookMs >= 700 && report.tookMs < 800, `${report.tookMs} ms`);
    assert.equal(await codeOf(clock.run(late.one({}))), 'UNAVAILABLE');
    await Promise.all([closeClient(stub), closeClient(late)]);
  });

  /** A registry that still lists the instance: what a slow watcher sees. */
  async function staleRegistry(): Promise<InMemoryRegistry> {
    const late = inMemoryRegistry({ clock });
    await late.register({ service: 'echo', host: '127.0.0.1', port: 1 });
    return late;
  }

  it('lets calls in flight finish and does not wait longer than for them', async () => {
    let finish: (() => void) | undefined;
    const running = service({ lifecycle: { propagationWaitMs: 0 } }).add(
      EchoDefinition,
      echo({ one: () => new Promise((resolve) => (finish = () => resolve({ text: 'late' }))) }),
    );
    await running.start();
    const stub = client();
    const call = stub.one({}, { timeoutMs: 60_000 });
    await clock.advance(10);
    const stopping = running.stop();
    await clock.advance(3000);
    finish?.();
    assert.equal((await call).text, 'late');
    const report = await stopping;
    assert.equal(report.forced, false);
    assert.equal(clock.now(), 3010);
    await closeClient(stub);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends what is still in flight after the timeout with DRAINING, and reports who it was', async () => {
    const running = service({
      lifecycle: { propagationWaitMs: 0, drainTimeoutMs: 2500, abandonHandlerAfterMs: 100 },
    }).add(EchoDefinition, echo({ one: () => new Promise(() => {}) }));
    await running.start();
    const stub = client();
    const call = stub.one({}, { timeoutMs: 60_000 }).catch((error: unknown) => error as RpcError);
    await clock.advance(500);
    const report = await clock.run(running.stop());
    assert.equal(report.forced, true);
    assert.deepEqual(
      report.blockedBy.map(({ path, ageMs }) => [path, ageMs]),
      [['/test.v1.Echo/One', 3000]],
    );
    const error = (await clock.run(call)) as RpcError;
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(error.attempts[0]?.status.reason, 'DRAINING');
    await closeClient(stub);
  });

  it('ends response streams after their grace with UNAVAILABLE, reason DRAINING', async () => {
    const running = service({ lifecycle: { propagationWaitMs: 0, streamGraceMs: 400 } }).add(
      EchoDefinition,
      echo({
        async *count(_request, context) {
          yield { count: 1 };
          await new Promise<void>((resolve) => context.cancellation.onCancel(() => resolve()));
        },
      }),
    );
    await running.start();
    const stub = client();
    const stream = stub.count({});
    assert.equal((await stream.next()).value?.count, 1);
    const next = stream.next().catch((error: unknown) => error as RpcError);
    const report = await clock.run(running.stop());
    assert.equal(report.forced, false);
    assert.equal(clock.now(), 400);
    const error = (await next) as RpcError;
    assert.equal(error.reason, 'DRAINING');
    await closeClient(stub);
  });

  it('does not wait for health watches', async () => {
    const running = service({ lifecycle: { propagationWaitMs: 0 } }).add(EchoDefinition, echo());
    await running.start();
    const health = createClient(Health.definition, 'memory:///echo', { registry, transport, runtime });
    const watch = health.watch({ service: '' });
    await watch.next();
    const ended = (async () => {
      const seen: unknown[] = [];
      for await (const { status } of watch) seen.push(status);
      return seen;
    })().catch((error: unknown) => (error as RpcError).reason);
    await clock.run(running.stop());
    assert.equal(clock.now(), 0);
    assert.ok((await ended) !== undefined);
    await closeClient(health);
  });

  it('stops once, however often it is told to', async () => {
    const running = service().add(EchoDefinition, echo());
    await running.start();
    const [a, b] = await Promise.all([clock.run(running.stop()), running.stop()]);
    assert.equal(a, b);
  });

  it('stops cleanly when it has never started', async () => {
    assert.equal((await service().add(EchoDefinition, echo()).stop()).forced, false);
  });

  it('announces an address that others can reach when it listens on all of them', async () => {
    const announced: (string | undefined)[] = [];
    registry.register = (instance) => {
      announced.push(instance.host);
      return Promise.reject(new Error('seen'));
    };
    await assert.rejects(service({ host: '0.0.0.0' }).add(EchoDefinition, echo()).start(), /seen/);
    await assert.rejects(
      service({ host: '0.0.0.0', advertise: { host: '10.1.2.3' } })
        .add(EchoDefinition, echo())
        .start(),
      /seen/,
    );
    await assert.rejects(service({ host: '127.0.0.2' }).add(EchoDefinition, echo()).start(), /seen/);
    assert.match(announced[0] ?? '', /^\d+\.\d+\.\d+\.\d+$|:/);
    assert.notEqual(announced[0], '0.0.0.0');
    assert.deepEqual(announced.slice(1), ['10.1.2.3', '127.0.0.2']);
  });

  it('says which port is taken and which option to change', async () => {
    const first = service().add(EchoDefinition, echo());
    const { port } = await first.start();
    await assert.rejects(service({ port }).add(EchoDefinition, echo()).start(), (error: Error) => {
      assert.ok(error instanceof ListenError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: the port is taken.*option "port"`));
      return true;
    });
    await clock.run(first.stop());
  });

  it('does not look started when it could not be registered', async () => {
    registry.register = () => Promise.reject(new Error('ACL denied'));
    const running = service().add(EchoDefinition, echo());
    await assert.rejects(running.start(), /ACL denied/);
    assert.equal((await running.stop()).forced, false);
    const again = service({ registry: undefined, port: 1 }).add(EchoDefinition, echo());
    await again.start();
    await clock.run(again.stop());
  });

  it('refuses handlers that are missing or unknown, definitions twice or late, and a service of nothing', async () => {
    const { one: _one, ...incomplete } = echo();
    assert.throws(() => service().add(EchoDefinition, incomplete as never), /has no handler for "one"/);
    assert.throws(
      () => service().add(EchoDefinition, { ...echo(), coutn: async () => ({}) } as never),
      /has no method "coutn"; did you mean "count"/,
    );
    assert.throws(() => service().add(EchoDefinition, echo()).add(EchoDefinition, echo()), ConfigError);
    await assert.rejects(service().start(), /serves nothing/);
    const running = service().add(EchoDefinition, echo());
    await running.start();
    assert.throws(() => running.add(Health.definition, running.health.implementation), /after start/);
    await clock.run(running.stop());
    await settleMicrotasks();
  });

  it('refuses unknown and illegal options by name', () => {
    assert.throws(() => service({ prot: 1 } as never), /unknown option prot; did you mean "port"/);
    assert.throws(() => service({ port: 70_000 }), /port is 70000, but must be an integer from 0 to 65535/);
    assert.throws(() => service({ name: 'a b' }), /name is "a b"/);
    assert.throws(() => service({ lifecycle: { drainTimeoutMs: -1 } }), /lifecycle\.drainTimeoutMs is -1/);
    assert.throws(() => service({ lifecycle: { streamGraceMs: 20_000 } }), /must be at most lifecycle\.drainTimeoutMs/);
    assert.throws(() => service({ policies: { rateLimit: { perSecond: 0 } } }), /rateLimit\.perSecond is 0/);
    assert.throws(
      () => service({ policies: { ratelimit: {} } as never }),
      /unknown option policies\.ratelimit; did you mean "rateLimit"/,
    );
    assert.throws(() => service({ limits: { maxConnectionAgeMs: 5 } }), /limits\.maxConnectionAgeMs is 5/);
  });

  it('does not start once it has been stopped, rather than start and never stop again', async () => {
    const running = service().add(EchoDefinition, echo());
    await running.stop();
    await assert.rejects(running.start(), /echo has been stopped; make another with createService/);
    assert.equal(running.health.get(''), 'NOT_SERVING', 'it listened');
    assert.deepEqual(await registry.services(), []);
  });

  it('does not wait for a registry that takes its time when it is stopped while it starts, and undoes what comes late', async () => {
    let answer: (() => void) | undefined;
    const register = registry.register.bind(registry);
    registry.register = async (instance) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return register(instance);
    };
    const running = service({ lifecycle: { propagationWaitMs: 0 } }).add(EchoDefinition, echo());
    const started = running.start();
    const refused = assert.rejects(started, /echo has been stopped/);
    await clock.advance(10);
    assert.equal(running.health.get(''), 'SERVING');
    const stopping = running.stop();
    await clock.advance(0);
    assert.equal(running.health.get(''), 'NOT_SERVING');
    await clock.advance(1000);
    assert.equal((await stopping).forced, false);
    answer?.();
    await clock.advance(0);
    await refused;
    assert.deepEqual(await registry.services(), []);
    assert.equal(clock.pendingTimers, 0);
  });

  it('leaves the registry when it is stopped between listening and registering', async () => {
    const running = service({ lifecycle: { propagationWaitMs: 0 } }).add(EchoDefinition, echo());
    const refused = assert.rejects(running.start(), /has been stopped/);
    await clock.run(running.stop());
    await refused;
    assert.deepEqual(await registry.services(), []);
  });

  it('names the nearest method for settings of one that does not exist', async () => {
    await assert.rejects(
      service({ methods: { Onee: { rateLimit: { perSecond: 1 } } } })
        .add(EchoDefinition, echo())
        .start(),
      /unknown option methods\.Onee; did you mean "One"/,
    );
  });
});
