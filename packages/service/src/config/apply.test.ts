import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import type { Method } from '@breakwater/rpc';
import type { ClientOptions } from '../client/client-options.js';
import type { ServiceOptions } from '../server/create-service.js';
import { checkServiceMethods, withClientConfig, withServiceConfig } from './apply.js';
import { type Config, NO_CONFIG } from './config.js';
import { sourceKey } from './config-values.js';
import { describeConfig } from './describe-config.js';
import { loadConfig } from './load-config.js';
import { type ConfigValue } from './config-values.js';
import { readConfigText } from './read-file.js';

const TARGET = 'consul:///payments';

/** As `loadConfig` gives, without a file. */
function configOf(yaml: string, env: Record<string, string> = {}): Config {
  const base = loadConfig({ env });
  const sources = new Map(base.sources);
  const services: Record<string, Record<string, unknown>> = {};
  const clients: Record<string, Record<string, unknown>> = {};
  for (const value of readConfigText('c.yaml', yaml, 'yaml')) {
    sources.set(sourceKey(value), value.source);
    const section = ((value.side === 'service' ? services : clients)[value.name ?? ''] ??= {});
    put(section, value);
  }
  return { ...base, services, clients, sources };
}

function put(section: Record<string, unknown>, { method, path, value }: ConfigValue): void {
  const keys = method === undefined ? path.split('.') : ['methods', method, ...path.split('.').slice(1)];
  let object = section;
  for (const key of keys.slice(0, -1)) object = (object[key] ??= {}) as Record<string, unknown>;
  object[keys.at(-1) ?? ''] = value;
}

function method(name: string, service = 'shop.payments.v1.Payments', kind: Method['kind'] = 'unary'): Method {
  return { path: `/${service}/${name}`, service, method: name, kind } as Method;
}

const client = (config: Config, options: ClientOptions = {}, methods: readonly Method[] = []): ClientOptions =>
  withClientConfig(TARGET, { ...options, config }, methods);

const service = (config: Config, options: Partial<ServiceOptions> = {}): ServiceOptions =>
  withServiceConfig({ name: 'payments', ...options, config });

const attemptsOf = ({ policies }: ClientOptions): unknown =>
  typeof policies?.retry === 'object' ? policies.retry.maxAttempts : undefined;

describe('settings from several sources', () => {
  const yaml = [
    'services:',
    '  default: { lifecycle: { drainTimeoutMs: 20000 }, weight: 2 }',
    '  payments: { port: 7001, weight: 3 }',
    'clients:',
    '  default: { policies: { deadline: { timeoutMs: 2000 }, retry: { maxAttempts: 5 } } }',
    '  "consul:///payments": { policies: { retry: { maxAttempts: 4 } } }',
    '  "consul:///payments?tag=v2": { policies: { retry: { maxAttempts: 2 } } }',
  ].join('\n');

  it('the file wins over the code, the target over default, and the environment over all', () => {
    const config = configOf(yaml);
    const code = { policies: { retry: { maxAttempts: 7, initialBackoffMs: 10 }, deadline: { timeoutMs: 100 } } };
    assert.deepEqual(client(config, code).policies, {
      retry: { maxAttempts: 4, initialBackoffMs: 10 },
      deadline: { timeoutMs: 2000 },
    });
    const withEnv = configOf(yaml, { BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS: '1' });
    assert.equal(attemptsOf(client(withEnv, code)), 1);
  });

  it('a target with parameters takes what is said of it without, and then what is said of it exactly', () => {
    const of = (target: string): unknown => attemptsOf(withClientConfig(target, { config: configOf(yaml) }));
    assert.deepEqual(
      [of('consul:///payments?tag=v1'), of('consul:///payments?tag=v2'), of('consul:///orders')],
      [4, 2, 5],
    );
  });

  it('a bare host:port and its static URI are the same target', () => {
    const config = configOf('clients: { "localhost:50051": { drainGraceMs: 1 } }');
    assert.equal(withClientConfig('static:///localhost:50051', { config }).drainGraceMs, 1);
    assert.equal(
      withClientConfig('localhost:50051', {
        config: configOf('clients: { "static:///localhost:50051": { drainGraceMs: 2 } }'),
      }).drainGraceMs,
      2,
    );
  });

  it('a service takes what is said of all, then of its name, then the environment', () => {
    const options = service(configOf(yaml, { BREAKWATER_SERVICE_HOST: '0.0.0.0' }), { port: 1, host: '::1' });
    assert.deepEqual(
      [options.host, options.port, options.weight, options.lifecycle],
      ['0.0.0.0', 7001, 3, { drainTimeoutMs: 20_000 }],
    );
  });

  it('leaves alone what cannot be configured from outside', () => {
    const transport = { name: 'mine' } as unknown as NonNullable<ClientOptions['transport']>;
    const key = (): string => 'k';
    const merged = client(configOf('clients: { default: { policies: { rateLimit: { perSecond: 9 } } } }'), {
      transport,
      policies: { rateLimit: { perSecond: 5, key } },
    });
    assert.equal(merged.transport, transport);
    assert.deepEqual(merged.policies, { rateLimit: { perSecond: 9, key } });
  });

  it('false turns a policy off with all its settings, and a setting or an empty object turns it on again', () => {
    const off = configOf('clients: { default: { policies: { retry: false } } }');
    assert.deepEqual(client(off, { policies: { retry: { maxAttempts: 5 } } }).policies, { retry: false });
    const on = configOf('clients: { default: { policies: { retry: {} } } }');
    assert.deepEqual(client(on, { policies: { retry: false } }).policies, { retry: {} });
    assert.deepEqual(client(on, { policies: { retry: { maxAttempts: 5 } } }).policies, { retry: { maxAttempts: 5 } });
    const env = configOf('clients: { default: { policies: { retry: false } } }', {
      BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS: '2',
    });
    assert.deepEqual(client(env).policies, { retry: { maxAttempts: 2 } });
  });

  it('of two settings that exclude each other the later source counts', () => {
    const config = configOf('clients: { default: { policies: { circuitBreaker: { windowCalls: 50 } } } }');
    assert.deepEqual(client(config, { policies: { circuitBreaker: { windowMs: 500 } } }).policies, {
      circuitBreaker: { windowCalls: 50 },
    });
  });

  it('what is said of a method by name or by path is merged, in the order of the sources', () => {
    const config = configOf(
      'clients: { "consul:///payments": { methods: { Authorize: { retry: { maxAttempts: 2 } } } } }',
    );
    const merged = client(
      config,
      { methods: { 'shop.payments.v1.Payments/Authorize': { retry: { maxAttempts: 9, initialBackoffMs: 5 } } } },
      [method('Authorize')],
    );
    assert.deepEqual(merged.methods?.['shop.payments.v1.Payments/Authorize'], {
      retry: { maxAttempts: 2, initialBackoffMs: 5 },
    });
  });

  it('a method that counts its window in calls is free of the general length in time', () => {
    const merged = client(NO_CONFIG, {
      policies: { circuitBreaker: { windowMs: 500 } },
      methods: { Authorize: { circuitBreaker: { windowCalls: 30 } } },
    });
    assert.deepEqual(
      { ...(merged.policies?.circuitBreaker as object), ...(merged.methods?.Authorize?.circuitBreaker as object) },
      { windowMs: undefined, windowCalls: 30 },
    );
  });
});

describe('rules between settings', () => {
  it('bind settings from different sources, and the error says where each came from', () => {
    const config = configOf('clients: { default: { policies: { retry: { maxBackoffMs: 20 } } } }');
    assert.throws(
      () => client(config, { policies: { retry: { initialBackoffMs: 30 } } }),
      /policies\.retry\.maxBackoffMs is 20, but must be at least policies\.retry\.initialBackoffMs \(30\) \(retry\.initialBackoffMs from code, retry\.maxBackoffMs from c\.yaml:1:58\)$/,
    );
  });

  it('are not applied to what one source says alone, which another may complete', () => {
    const config = configOf('clients: { default: { policies: { circuitBreaker: { slowCallMs: 100 } } } }');
    assert.throws(
      () => client(config),
      /slowCallMs is set without .*slowCallRatio.*\(circuitBreaker\.slowCallMs from c\.yaml/,
    );
    client(config, { policies: { circuitBreaker: { slowCallRatio: 0.5 } } });
  });

  it('an attempt may not take as long as its call: for the methods that there are', () => {
    const config = configOf('clients: { default: { policies: { attemptTimeout: { timeoutMs: 800 } } } }', {
      BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS: '700',
    });
    assert.throws(
      () => client(config, {}, [method('Authorize')]),
      /^ConfigError: Authorize: policies\.attemptTimeout\.timeoutMs is 800, but must be shorter than the total timeout of 700 ms.*deadline\.timeoutMs from BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS/,
    );
    client(config, {}, [method('Watch', 'a.B', 'server_stream')]);
  });

  it('a method that the service does not have is refused with its place and the nearest name', () => {
    const config = configOf('clients: { "consul:///payments": { methods: { Authorise: { retry: false } } } }');
    assert.throws(
      () => client(config, {}, [method('Authorize')]),
      /^ConfigError: c\.yaml:1:67: shop\.payments\.v1\.Payments has no method Authorise; did you mean Authorize\?; a method of another service/,
    );
  });

  it('a method of another service behind the same target is passed over when it is written with its path', () => {
    const config = configOf(
      'clients: { "consul:///payments": { methods: { "shop.refunds.v1.Refunds/Refund": { retry: false } } } }',
    );
    assert.equal(client(config, {}, [method('Authorize')]).methods, undefined);
    assert.throws(
      () =>
        client(
          configOf(
            'clients: { "consul:///payments": { methods: { "shop.payments.v1.Payments/Refund": { retry: false } } } }',
          ),
          {},
          [method('Authorize')],
        ),
      /has no method shop\.payments\.v1\.Payments\/Refund/,
    );
  });

  it('a service checks the methods that the file names when it knows its definitions', () => {
    const config = configOf('services: { payments: { methods: { Authorise: { rateLimit: { perSecond: 1 } } } } }');
    assert.throws(
      () => checkServiceMethods({ name: 'payments', config }, [method('Authorize')]),
      /c\.yaml:1:60: .* did you mean Authorize\?/,
    );
    checkServiceMethods({ name: 'orders', config }, [method('Place')]);
  });
});

describe('describeConfig', () => {
  const config = configOf(
    'clients: { "consul:///payments": { policies: { retry: { maxAttempts: 2, retryableCodes: [UNAVAILABLE, 10] } }, methods: { Authorize: { retry: false } } } }',
    { BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS: '900' },
  );
  const find = (options: Parameters<typeof describeConfig>[0], path: string): unknown => {
    const found = describeConfig({ config, ...options }).settings.find((setting) => setting.path === path);
    return found === undefined ? undefined : [found.value, found.default, found.source];
  };

  it('shows effective value, default and source of every setting', () => {
    const target = TARGET;
    assert.deepEqual(find({ target }, 'policies.retry.maxAttempts'), [2, 3, 'c.yaml:1:70']);
    assert.deepEqual(find({ target }, 'policies.retry.retryableCodes'), [
      ['UNAVAILABLE', 'ABORTED'],
      ['UNAVAILABLE'],
      'c.yaml:1:89',
    ]);
    assert.deepEqual(find({ target }, 'policies.deadline.timeoutMs'), [
      900,
      5000,
      'BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS',
    ]);
    assert.deepEqual(find({ target }, 'policies.bulkhead.maxInFlight'), [1024, 1024, 'default']);
    assert.deepEqual(
      find({ target, clientOptions: { policies: { bulkhead: { maxInFlight: 5 } } } }, 'policies.bulkhead.maxInFlight'),
      [5, 1024, 'code'],
    );
  });

  it('shows a policy that is off in one line, without its settings', () => {
    assert.deepEqual(find({ target: TARGET }, 'policies.rateLimit'), [false, false, 'default']);
    const ofMethod = { target: TARGET, method: 'Authorize' };
    assert.deepEqual(find(ofMethod, 'policies.retry'), [false, true, 'c.yaml:1:143']);
    assert.equal(find(ofMethod, 'policies.retry.maxAttempts'), undefined);
    assert.equal(find(ofMethod, 'policies.retry.budget.ratio'), undefined);
  });

  it('shows values that follow from others as they are in effect', () => {
    const options = { service: { name: 'a', policies: { rateLimit: { perSecond: 2.5 } } }, config: NO_CONFIG };
    assert.deepEqual(find(options, 'policies.rateLimit.burst'), [3, undefined, 'default']);
  });

  it('reports settings that contradict each other instead of failing', () => {
    const bad = configOf('', {
      BREAKWATER_CLIENT_RETRY_MAX_BACKOFF_MS: '20',
      BREAKWATER_CLIENT_ATTEMPT_TIMEOUT_MS: '5000',
    });
    assert.deepEqual(
      describeConfig({ config: bad }).contradictions.map(({ field }) => field),
      ['policies.retry.maxBackoffMs', 'policies.attemptTimeout.timeoutMs'],
    );
  });

  it('refuses to describe two things at once', () => {
    assert.throws(() => describeConfig({ service: 'a', target: TARGET, config }), /remove one/);
  });

  it('has the code names of the default retryable codes', () => {
    assert.deepEqual(find({ config: NO_CONFIG }, 'policies.retry.retryableCodes'), [
      [Code[Code.UNAVAILABLE]],
      ['UNAVAILABLE'],
      'default',
    ]);
  });
});
