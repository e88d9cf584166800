import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@breakwater/core';
import { loadConfig } from './load-config.js';
import { readConfigText } from './read-file.js';
import { VARIABLE_NAMES, variableOf } from './read-environment.js';
import { checkSetting, rangeOf, SETTINGS } from './settings.js';

describe('the configuration file', () => {
  const message = (text: string, format: 'yaml' | 'json' = 'yaml'): string => {
    try {
      readConfigText(`c.${format}`, text, format);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return 'accepted';
  };

  it('names place, field, value and range of a value out of range', () => {
    assert.equal(
      message('clients:\n  default:\n    policies:\n      retry:\n        maxAttempts: 0\n'),
      'c.yaml:5:22: clients.default.policies.retry.maxAttempts is 0, but must be an integer from 1 to 10',
    );
    assert.equal(
      message('clients: { "consul:///payments": { methods: { Authorize: { deadline: { timeoutMs: soon } } } } }'),
      'c.yaml:1:83: clients["consul:///payments"].methods.Authorize.deadline.timeoutMs is "soon", but must be a number of ms above 0 (more than 86400000 is capped), or null for none',
    );
  });

  it('names the place inside a list', () => {
    assert.equal(
      message('clients: { default: { policies: { retry: { retryableCodes: [UNAVAILABLE, GONE] } } } }'),
      'c.yaml:1:60: clients.default.policies.retry.retryableCodes[1] is "GONE", but must be a gRPC status code other than OK, as number or name',
    );
  });

  it('suggests the nearest name for an unknown one, on every level', () => {
    const told = [
      'servics: {}',
      'services: { payments: { prot: 1 } }',
      'services: { payments: { limits: { maxHeaderByte: 1 } } }',
      'clients: { default: { policies: { circuitbraker: {} } } }',
      'clients: { default: { policies: { retry: { maxAttemts: 1 } } } }',
      'clients: { a: { methods: { B: { retri: false } } } }',
    ].map((text) => message(text).replace(/^[^;]*; /, ''));
    assert.deepEqual(told, [
      'did you mean "services"?',
      'did you mean "port"?',
      'did you mean "maxHeaderBytes"?',
      'did you mean "circuitBreaker"?',
      'did you mean "maxAttempts"?',
      'did you mean "retry"?',
    ]);
  });

  it('refuses a policy of the other side and lists what there is', () => {
    assert.equal(
      message('services: { a: { policies: { retry: {} } } }'),
      'c.yaml:1:30: unknown setting services.a.policies.retry; known: deadline, concurrencyLimit, rateLimit',
    );
  });

  it('refuses methods under default, since services do not share them', () => {
    assert.match(
      message('clients: { default: { methods: { A: {} } } }'),
      /^c\.yaml:1:23: clients\.default\.methods has no meaning/,
    );
    assert.match(message('services: { default: { methods: { A: {} } } }'), /put them under a service by its name$/);
  });

  it('refuses an empty value instead of taking the default silently', () => {
    assert.match(
      message('clients:\n  a:\n    policies:\n      retry: { maxAttempts: }\n'),
      /^c\.yaml:4:\d+: clients\.a\.policies\.retry\.maxAttempts is null, but must be an integer from 1 to 10$/,
    );
    assert.match(
      message('services:\n  a:\n    port:\n'),
      /^c\.yaml:3:10: services\.a\.port is null, but must be an integer from 0 to 65535$/,
    );
  });

  it('refuses objects where values belong, and values where objects belong', () => {
    assert.match(message('- 1'), /^c\.yaml:1:1: the file is \[1\], but must be an object/);
    assert.match(message('services: 3'), /^c\.yaml:1:11: services is 3, but must be an object with service names/);
    assert.match(
      message('services: { a: { port: { b: 1 } } }'),
      /services\.a\.port is \{"b":1\}, but must be an integer/,
    );
    assert.match(
      message('clients: { a: { policies: { retry: 4 } } }'),
      /retry is 4, but must be an object with settings, or false to turn it off$/,
    );
    assert.match(message('clients: { a: { policies: { deadline: false } } }'), /timeoutMs: null/);
  });

  it('says line and column of a syntax error, in YAML and JSON', () => {
    assert.match(message('clients:\n\ta: 1'), /^c\.yaml:2:1: Tabs are not allowed/);
    assert.match(message('a: 1\na: 2'), /^c\.yaml:2:1: Map keys must be unique$/);
    assert.match(message('{\n  "clients": {},\n}', 'json'), /^c\.json:3:1: /);
    assert.match(message('clients: {}', 'json'), /^c\.json:1:1: /);
    assert.match(message('clients: *nobody'), /\*nobody refers to an anchor that does not exist/);
  });

  it('reads anchors and merge keys, where what stands in the object itself wins', () => {
    const text = [
      'clients:',
      '  default: &base',
      '    limits: { maxHeaderBytes: 2048 }',
      '    drainGraceMs: 10',
      '  "dns:///a:1":',
      '    drainGraceMs: 20',
      '    <<: *base',
    ].join('\n');
    const values = new Map(
      readConfigText('c.yaml', text, 'yaml')
        .filter(({ name }) => name !== 'default')
        .map(({ path, value, source }) => [path, [value, source]]),
    );
    assert.deepEqual(values.get('drainGraceMs'), [20, 'c.yaml:6:19']);
    assert.deepEqual(values.get('limits.maxHeaderBytes'), [2048, 'c.yaml:3:31']);
  });

  it('takes Infinity and null only where they are legal', () => {
    const accepted =
      'clients: { a: { limits: { keepaliveTimeMs: .inf }, policies: { deadline: { timeoutMs: null } } } }';
    assert.equal(message(accepted), 'accepted');
    assert.equal(message('{"clients":{"a":{"limits":{"keepaliveTimeMs":"Infinity"}}}}', 'json'), 'accepted');
    assert.match(message('services: { a: { port: .inf } }'), /must be an integer from 0 to 65535/);
  });

  it('is empty when there is nothing in it', () => {
    for (const text of ['', '# nothing\n', 'null', '{}']) assert.equal(message(text), 'accepted');
  });
});

describe('the environment', () => {
  const load = (env: Record<string, string>): ReturnType<typeof loadConfig> => loadConfig({ env });

  it('has a variable for every setting, derived from its path, and no two the same', () => {
    assert.equal(new Set(VARIABLE_NAMES).size, VARIABLE_NAMES.length);
    for (const name of [
      'BREAKWATER_SERVICE_PORT',
      'BREAKWATER_SERVICE_LIFECYCLE_DRAIN_TIMEOUT_MS',
      'BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS',
      'BREAKWATER_CLIENT_RETRY_BUDGET_RATIO',
      'BREAKWATER_CLIENT_RETRY',
      'BREAKWATER_CLIENT_ATTEMPT_TIMEOUT_MS',
      'BREAKWATER_CLIENT_ATTEMPT_TIMEOUT',
    ]) {
      assert.ok(VARIABLE_NAMES.includes(name), name);
    }
    for (const setting of SETTINGS) assert.ok(VARIABLE_NAMES.includes(variableOf(setting)), setting.path);
  });

  it('reads numbers, lists, flags, none, Infinity and policies that are off', () => {
    const { environment } = load({
      BREAKWATER_SERVICE_PORT: '7001',
      BREAKWATER_SERVICE_TAGS: 'v2, canary',
      BREAKWATER_SERVICE_REFLECTION: 'false',
      BREAKWATER_SERVICE_RATE_LIMIT_PER_SECOND: '0.5',
      BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS: 'none',
      BREAKWATER_CLIENT_LIMITS_KEEPALIVE_TIME_MS: 'Infinity',
      BREAKWATER_CLIENT_BULKHEAD: 'false',
      BREAKWATER_CLIENT_RETRY_RETRYABLE_CODES: 'UNAVAILABLE,ABORTED',
    });
    assert.deepEqual(environment, {
      service: { port: 7001, tags: ['v2', 'canary'], reflection: false, policies: { rateLimit: { perSecond: 0.5 } } },
      client: {
        limits: { keepaliveTimeMs: Number.POSITIVE_INFINITY },
        policies: {
          deadline: { timeoutMs: null },
          bulkhead: false,
          retry: { retryableCodes: ['UNAVAILABLE', 'ABORTED'] },
        },
      },
    });
  });

  it('names the variable, its text and the range', () => {
    const refused = (name: string, text: string, allowed: string): void =>
      assert.throws(() => load({ [name]: text }), {
        name: 'ConfigError',
        field: name,
        message: `${name} is ${text}, but must be ${allowed}`,
      });
    refused('BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS', '11', 'an integer from 1 to 10');
    assert.throws(
      () => load({ BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS: '0x3' }),
      /is "0x3", but must be an integer from 1 to 10$/,
    );
    assert.throws(() => load({ BREAKWATER_SERVICE_REFLECTION: 'yes' }), /is "yes", but must be true or false$/);
    assert.throws(
      () => load({ BREAKWATER_CLIENT_RETRY: 'off' }),
      /is "off", but must be false to turn the policy off, or true$/,
    );
    assert.throws(
      () => load({ BREAKWATER_SERVICE_PORT: 'none' }),
      /is "none", but must be an integer from 0 to 65535$/,
    );
  });

  it('refuses unknown variables of ours with the nearest name, and lets those of others and of the tools be', () => {
    assert.throws(
      () => load({ BREAKWATER_CLIENT_RETRY_MAX_ATEMPTS: '1' }),
      /did you mean BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS\?$/,
    );
    assert.throws(
      () => load({ BREAKWATER_COMPLETELY_DIFFERENT_THING: '1' }),
      /settings begin with BREAKWATER_SERVICE_ or BREAKWATER_CLIENT_/,
    );
    load({
      PORT: '1',
      BREAKWATER_LOG_LEVEL: 'debug',
      BREAKWATER_CACHE: '/c',
      BREAKWATER_PYTHON: 'python3',
      BREAKWATER_PROTOC_DIR: '/p',
    });
  });

  it('takes an empty variable for one that is not set', () => {
    assert.deepEqual(load({ BREAKWATER_SERVICE_PORT: '', BREAKWATER_CONFIG: '' }).environment, {
      service: {},
      client: {},
    });
  });

  it('refuses to turn a policy off and to set it at once', () => {
    assert.throws(
      () => load({ BREAKWATER_CLIENT_RETRY: 'false', BREAKWATER_CLIENT_RETRY_BUDGET_RATIO: '0.2' }),
      /BREAKWATER_CLIENT_RETRY is false, but BREAKWATER_CLIENT_RETRY_BUDGET_RATIO is set too: unset one of them$/,
    );
  });

  it('says which file BREAKWATER_CONFIG names and why it cannot be read', () => {
    assert.throws(
      () => load({ BREAKWATER_CONFIG: '/nowhere/a.yaml' }),
      /^ConfigError: BREAKWATER_CONFIG is "\/nowhere\/a\.yaml", which cannot be read: ENOENT/,
    );
    assert.throws(
      () => load({ BREAKWATER_CONFIG: 'a.toml' }),
      /BREAKWATER_CONFIG is "a\.toml", but must be a file that ends in \.yaml, \.yml or \.json$/,
    );
  });
});

describe('loadConfig', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'breakwater-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('prefers its option to BREAKWATER_CONFIG, and tells where every value was read', () => {
    const [a, b] = [join(folder, 'a.yaml'), join(folder, 'b.json')];
    writeFileSync(a, 'services: { default: { port: 1 } }');
    writeFileSync(b, '{\n "services": { "default": { "port": 2 } }\n}');
    assert.equal(loadConfig({ env: { BREAKWATER_CONFIG: a } }).services.default?.port, 1);
    const config = loadConfig({ file: b, env: { BREAKWATER_CONFIG: a, BREAKWATER_SERVICE_PORT: '3' } });
    assert.equal(config.services.default?.port, 2);
    assert.equal(config.environment.service.port, 3);
    assert.equal(config.sources.get('services.default.port'), `${b}:2:37`);
    assert.equal(config.sources.get('environment.service.port'), 'BREAKWATER_SERVICE_PORT');
  });

  it('is not fooled by names that every object has', () => {
    const file = join(folder, 'a.yaml');
    writeFileSync(file, 'services: { constructor: { port: 5 }, __proto__: { port: 6 } }');
    const { services } = loadConfig({ file, env: {} });
    assert.deepEqual(Object.keys(services), ['constructor', '__proto__']);
    assert.equal(({} as { port?: number }).port, undefined);
  });
});

describe('the table of settings', () => {
  it('accepts every default that is a value, and refuses NaN and text for numbers with a range', () => {
    for (const setting of SETTINGS) {
      if (setting.default !== undefined) checkSetting(setting, setting.default, setting.path);
      assert.throws(() => checkSetting(setting, Number.NaN, 'x'), { name: 'ConfigError', field: 'x' }, setting.path);
      assert.notEqual(rangeOf(setting), '');
      if (setting.type === 'number') assert.throws(() => checkSetting(setting, '1', 'x'), { field: 'x' }, setting.path);
    }
  });
});
