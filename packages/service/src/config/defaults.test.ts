import assert from 'node:assert/strict';
import { NO_CONFIG } from './config.js';
import { type ConfigDescription, describeConfig } from './describe-config.js';

/** Path and effective value, of the policies only. */
const policies = (described: ConfigDescription): Record<string, unknown> =>
  Object.fromEntries(
    described.settings
      .filter(({ path }) => path.startsWith('policies.'))
      .map(({ path, value }) => [path.slice('policies.'.length), value]),
  );

const value = (described: ConfigDescription, path: string): unknown =>
  described.settings.find((setting) => setting.path === path)?.value;

describe('the defaults', () => {
  const client = describeConfig({ target: 'consul:///any', config: NO_CONFIG });
  const service = describeConfig({ service: 'any', config: NO_CONFIG });

  it('of a client are these, and every policy that is not listed with settings is off', () => {
    assert.deepEqual(policies(client), {
      // 5 s for unary and client-streaming calls, no total for response streams
      'deadline.timeoutMs': 5000,
      'deadline.streamTimeoutMs': null,
      fallback: false,
      'bulkhead.maxInFlight': 1024,
      'bulkhead.maxStreams': 1024,
      'bulkhead.queue': 0,
      'bulkhead.queueTimeoutMs': undefined,
      'bulkhead.retryAfterMs': 100,
      'retry.maxAttempts': 3,
      'retry.initialBackoffMs': 50,
      'retry.backoffMultiplier': 2,
      'retry.maxBackoffMs': 1000,
      'retry.retryableCodes': ['UNAVAILABLE'],
      'retry.replayBufferMessages': 64,
      // 10 % of the calls, and a reserve of 10 that is given once
      'retry.budget.ratio': 0.1,
      'retry.budget.reserveTokens': 10,
      'retry.budget.maxTokens': 100,
      // half of at least 20 calls in 10 s; open for 1 s; one probe
      'circuitBreaker.failureRatio': 0.5,
      'circuitBreaker.minimumCalls': 20,
      'circuitBreaker.windowMs': 10_000,
      'circuitBreaker.windowCalls': undefined,
      'circuitBreaker.openMs': 1000,
      'circuitBreaker.halfOpenProbes': 1,
      'circuitBreaker.probeLeaseMs': 10_000,
      'circuitBreaker.slowCallRatio': undefined,
      'circuitBreaker.slowCallMs': undefined,
      rateLimit: false,
      attemptTimeout: false,
      idleTimeout: false,
    });
    assert.equal(value(client, 'picker'), 'least_in_flight');
    assert.deepEqual([value(client, 'backoff.initialMs'), value(client, 'backoff.maxMs')], [100, 2000]);
    assert.deepEqual(client.contradictions, []);
  });

  it('of a service are these', () => {
    assert.deepEqual(policies(service), {
      'deadline.timeoutMs': null,
      'deadline.streamTimeoutMs': null,
      'concurrencyLimit.maxInFlight': 1024,
      'concurrencyLimit.maxStreams': 1024,
      'concurrencyLimit.queue': 0,
      'concurrencyLimit.queueTimeoutMs': undefined,
      'concurrencyLimit.retryAfterMs': 100,
      rateLimit: false,
    });
    assert.deepEqual(
      ['host', 'port', 'weight', 'reflection'].map((path) => value(service, path)),
      ['127.0.0.1', 0, 1, true],
    );
    assert.deepEqual(
      ['propagationWaitMs', 'drainTimeoutMs', 'streamGraceMs', 'abandonHandlerAfterMs'].map((key) =>
        value(service, `lifecycle.${key}`),
      ),
      [1000, 10_000, 2000, 5000],
    );
    assert.deepEqual(service.contradictions, []);
  });

  it('come from nowhere but the framework, and no value differs from the default that is shown beside it', () => {
    for (const { path, value: effective, default: shown, source } of [...client.settings, ...service.settings]) {
      assert.equal(source, 'default', path);
      assert.deepEqual(effective, shown, path);
    }
  });
});
