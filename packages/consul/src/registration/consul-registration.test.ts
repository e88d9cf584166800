import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import type { RegistrationState } from '@breakwater/discovery';
import { ConsulError } from '../client/consul-error.js';
import { ScriptedClient, type HeldRequest } from '../testing/scripted-client.js';
import { validateConsulInstance, type InstanceCheck } from './consul-instance.js';
import { ConsulRegistration, type ConsulRegistrationSettings } from './consul-registration.js';

const TTL: InstanceCheck = { kind: 'ttl', ttlMs: 15_000 };
const GRPC: InstanceCheck = { kind: 'grpc', service: 'shop.Payments', tls: false, intervalMs: 5_000, timeoutMs: 2_000 };
const down = (): ConsulError => new ConsulError('unreachable', 'nobody listens');
const forgotten = (): ConsulError =>
  new ConsulError('status', 'answered HTTP 500: CheckID "service:p1" does not have associated TTL', 500);

describe('ConsulRegistration', () => {
  let clock: FakeClock;
  let client: ScriptedClient;
  let states: RegistrationState[];
  let registration: ConsulRegistration;
  let ended: number;
  const create = (settings: Partial<ConsulRegistrationSettings> = {}, random = 0.5): void => {
    clock = new FakeClock();
    client = new ScriptedClient(clock);
    client.auto = (request) => request.reply(request.operation === 'agent.service.list' ? { p1: {} } : '');
    states = [];
    ended = 0;
    const instance = validateConsulInstance({
      service: 'payments',
      id: 'p1',
      host: '10.0.0.5',
      port: 5000,
      weight: 2,
      tags: ['v1'],
      meta: { zone: 'a' },
    });
    registration = new ConsulRegistration(
      client,
      instance,
      {
        check: TTL,
        deregisterCriticalAfterMs: 90_000,
        failAfterMs: undefined,
        deregisterTimeoutMs: 3_000,
        requestTimeoutMs: 5_000,
        verifyIntervalMs: 10_000,
        runtime: createRuntime({ clock, random: fixedRandom(random) }),
        ...settings,
      },
      () => (ended += 1),
    );
    registration.onState((state) => states.push(state));
  };
  const operations = (): readonly string[] => client.requests.map(({ operation }) => operation.replace('agent.', ''));
  const failWhile = (operation: string, error: () => ConsulError): void => {
    client.auto = (request: HeldRequest) =>
      request.operation === operation ? request.fail(error()) : request.reply('');
  };
  afterEach(() => {
    registration.stop();
    assert.equal(clock.pendingTimers, 0);
  });

  it('announces address, tags, weight and a TTL check that passes from the start', async () => {
    create();
    await registration.start();
    const { parameters } = client.requests[0] ?? { parameters: {} };
    const { meta, ...rest } = parameters as { meta: Record<string, string> };
    assert.deepEqual(rest, {
      ...{ name: 'payments', id: 'p1', address: '10.0.0.5', port: 5000, tags: ['v1'] },
      check: {
        ...{ ttl: '15000ms', checkid: 'service:p1', name: 'payments (ttl)', status: 'passing' },
        deregistercriticalserviceafter: '90000ms',
      },
    });
    assert.equal(meta['zone'], 'a');
    assert.equal(meta['breakwater-weight'], '2');
    assert.match(meta['breakwater-generation'] ?? '', /^[0-9a-z]+$/);
    assert.deepEqual(states, [{ kind: 'registered' }]);
  });

  it('passes the check right after announcing: an agent that knew it critical would keep it so', async () => {
    create();
    await registration.start();
    assert.deepEqual(operations(), ['service.register', 'check.pass']);
    assert.deepEqual(client.last.parameters, { id: 'service:p1' });
  });

  it('announces a gRPC check on the instance itself', async () => {
    create({ check: GRPC });
    await registration.start();
    const check = client.requests[0]?.parameters['check'];
    assert.deepEqual(check, {
      ...{ grpc: '10.0.0.5:5000/shop.Payments', grpcusetls: false, interval: '5000ms', timeout: '2000ms' },
      ...{
        checkid: 'service:p1',
        name: 'payments (grpc)',
        status: 'passing',
        deregistercriticalserviceafter: '90000ms',
      },
    });
    assert.deepEqual(operations(), ['service.register']);
  });

  for (const random of [0, 0.5, 0.999_999]) {
    it(`renews never later than a third of the TTL (chance ${random})`, async () => {
      create({}, random);
      await registration.start();
      await clock.advance(120_000);
      const beats = client.requests.filter(({ operation }) => operation === 'agent.check.pass');
      const gaps = beats.slice(1).map((beat, index) => beat.at - (beats[index]?.at ?? 0));
      assert.ok(beats.length >= 24);
      assert.ok(
        gaps.every((gap) => gap <= 5_000 && gap >= 4_500),
        String(gaps),
      );
    });
  }

  it('does not keep the process alive once it is registered', async () => {
    create();
    await registration.start();
    await clock.advance(5_000);
    assert.equal(client.requests[0]?.options.background, false);
    assert.equal(client.last.options.background, true);
  });

  it('announces again at once when the agent has forgotten it', async () => {
    for (const error of [
      forgotten,
      () => new ConsulError('status', 'answered HTTP 404: Unknown check ID "service:p1"', 404),
    ]) {
      create();
      await registration.start();
      let lost = true;
      client.auto = (request) => {
        if (request.operation === 'agent.service.register') lost = false;
        if (request.operation === 'agent.check.pass' && lost) request.fail(error());
        else request.reply('');
      };
      await clock.advance(5_000);
      assert.deepEqual(operations(), [
        'service.register',
        'check.pass',
        'check.pass',
        'service.register',
        'check.pass',
      ]);
      assert.equal(registration.state.kind, 'registered');
      registration.stop();
    }
  });

  it('with a gRPC check, looks whether the agent still knows it, and announces again when not', async () => {
    create({ check: GRPC });
    await registration.start();
    client.auto = (request) => request.reply(request.operation === 'agent.service.list' ? { other: {} } : '');
    await clock.advance(10_000);
    assert.deepEqual(operations(), ['service.register', 'service.list', 'service.register']);
  });

  it('resolves in state retrying when the agent is down, tries again with growing pauses, and tells', async () => {
    create();
    failWhile('agent.service.register', down);
    await registration.start();
    assert.deepEqual(states[0], {
      kind: 'retrying',
      error: 'nobody listens',
      retryInMs: 500,
    });
    await clock.advance(60_000);
    const gaps = client.requests.slice(1).map((request, index) => request.at - (client.requests[index]?.at ?? 0));
    assert.deepEqual(gaps.slice(0, 6), [500, 1_000, 2_000, 4_000, 8_000, 14_250]);
    client.auto = (request) => request.reply('');
    await clock.advance(15_000);
    assert.deepEqual(states.at(-1), { kind: 'registered' });
  });

  it('tells when the agent goes away later and when it is back', async () => {
    create();
    await registration.start();
    failWhile('agent.check.pass', down);
    await clock.advance(5_000);
    assert.equal(registration.state.kind, 'retrying');
    client.auto = (request) => request.reply('');
    await clock.advance(5_000);
    assert.deepEqual(
      states.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]),
      ['registered', 'retrying', 'registered'],
    );
  });

  it('beats soon when somebody noticed trouble with the agent, at most twice a second', async () => {
    create();
    await registration.start();
    await clock.advance(2_000);
    registration.verifySoon();
    await clock.advance(0);
    assert.equal(client.last.at, 2_000);
    registration.verifySoon();
    await clock.advance(499);
    assert.equal(client.last.at, 2_000);
    await clock.advance(1);
    assert.equal(client.last.at, 2_500);
  });

  it('rejects when the agent refuses the instance itself', async () => {
    create();
    failWhile(
      'agent.service.register',
      () => new ConsulError('status', 'answered HTTP 400: Invalid service address', 400),
    );
    await assert.rejects(registration.start(), /Invalid service address/);
    assert.equal(ended, 1);
    await clock.advance(60_000);
    assert.equal(client.requests.length, 1);
  });

  it('rejects after failAfterMs when it could not register, and stops trying', async () => {
    create({ failAfterMs: 2_000 });
    failWhile('agent.service.register', down);
    await assert.rejects(
      clock.run(registration.start()),
      /payments could not be registered .* in 2000 ms \(consul\.failAfterMs\): nobody listens/,
    );
    assert.deepEqual(
      client.requests.map(({ at }) => at),
      [0, 500, 1_500],
    );
    await clock.advance(60_000);
    assert.equal(client.requests.length, 3);
  });

  it('with failAfterMs resolves once a later attempt succeeds', async () => {
    create({ failAfterMs: 20_000 });
    failWhile('agent.service.register', down);
    const started = registration.start();
    await clock.advance(600);
    client.auto = (request) => request.reply('');
    assert.equal(await clock.run(started), registration);
    assert.equal(registration.state.kind, 'registered');
  });

  it('deregisters once, whoever asks, and beats no more', async () => {
    create();
    await registration.start();
    await Promise.all([registration.deregister(), registration.deregister()]);
    await clock.advance(60_000);
    assert.deepEqual(operations(), ['service.register', 'check.pass', 'service.deregister']);
    assert.deepEqual(states.at(-1), { kind: 'deregistered' });
    assert.equal(ended, 1);
  });

  it('takes an id that the agent does not know for deregistered', async () => {
    create();
    await registration.start();
    failWhile(
      'agent.service.deregister',
      () => new ConsulError('status', 'answered HTTP 404: Unknown service ID "p1"', 404),
    );
    await registration.deregister();
    assert.equal(registration.state.kind, 'deregistered');
  });

  it('tries to deregister until its time limit and says what happens then', async () => {
    create();
    await registration.start();
    failWhile('agent.service.deregister', down);
    await assert.rejects(
      clock.run(registration.deregister()),
      /p1 could not be deregistered from Consul at 127\.0\.0\.1:8500 in 3000 ms: nobody listens; it is dropped when its check has been critical for 90000 ms/,
    );
    assert.ok(operations().filter((operation) => operation === 'service.deregister').length > 3);
    assert.ok(clock.now() <= 3_000);
  });

  it('lets an announcement under way end before it deregisters, or it would undo that', async () => {
    create();
    client.auto = undefined;
    const started = registration.start();
    await clock.advance(0);
    const announcement = client.last;
    const gone = registration.deregister();
    await clock.advance(100);
    assert.deepEqual(operations(), ['service.register']);
    client.auto = (request) => request.reply('');
    announcement.reply('');
    await gone;
    await started;
    assert.deepEqual(operations(), ['service.register', 'service.deregister']);
  });

  it('waits for a hung announcement no longer than half of its time limit', async () => {
    create();
    client.auto = undefined;
    const started = registration.start();
    await clock.advance(0);
    const gone = registration.deregister();
    client.auto = (request) => request.reply('');
    await clock.advance(1_500);
    await gone;
    await started;
    assert.deepEqual(operations(), ['service.register', 'service.deregister']);
  });

  it('can be stopped in the middle of an announcement', async () => {
    create();
    client.auto = undefined;
    const started = registration.start();
    await clock.advance(0);
    registration.stop();
    await started;
    assert.equal(client.last.cancelled, true);
    await clock.advance(60_000);
    assert.equal(client.requests.length, 1);
  });
});
