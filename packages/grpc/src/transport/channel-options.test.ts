import assert from 'node:assert/strict';
import { clientLimits, serverLimits } from '@breakwater/rpc';
import { clientOptions, serverOptions } from './channel-options.js';

const BACKOFF = { initialMs: 100, maxMs: 2000 };

describe('the channel arguments of grpc-js', () => {
  it('have no keepalive of the client until it is asked for, and then as it was asked for', () => {
    const without = clientOptions('a', clientLimits(), BACKOFF, 'identity');
    assert.ok(!('grpc.keepalive_time_ms' in without) && !('grpc.keepalive_timeout_ms' in without));
    const limits = clientLimits({ keepaliveTimeMs: 30_000, keepaliveTimeoutMs: 5000 });
    const asked = clientOptions('a', limits, BACKOFF, 'identity');
    assert.equal(asked['grpc.keepalive_time_ms'], 30_000);
    assert.equal(asked['grpc.keepalive_timeout_ms'], 5000);
    // Never without calls: servers count that as misbehaviour (gRFC A8).
    assert.ok(!('grpc.keepalive_permit_without_calls' in asked));
  });

  it('carry every limit of the server, and leave out what has no limit', () => {
    const options = serverOptions(
      serverLimits({
        maxConcurrentStreams: 7,
        maxReceiveMessageBytes: 1000,
        maxConnectionAgeMs: 2000,
        maxConnectionAgeGraceMs: 3000,
        maxConnectionIdleMs: 4000,
        keepaliveTimeMs: 5000,
        keepaliveTimeoutMs: 600,
      }),
    );
    const unlimited = serverOptions(serverLimits());
    assert.equal(options['grpc.max_concurrent_streams'], 7);
    assert.equal(options['grpc.max_receive_message_length'], 1000);
    assert.equal(options['grpc.max_connection_age_ms'], 2000);
    assert.equal(options['grpc.max_connection_age_grace_ms'], 3000);
    assert.equal(options['grpc.max_connection_idle_ms'], 4000);
    assert.equal(options['grpc.keepalive_time_ms'], 5000);
    assert.equal(options['grpc.keepalive_timeout_ms'], 600);
    assert.ok(!('grpc.max_connection_age_ms' in unlimited) && !('grpc.max_connection_idle_ms' in unlimited));
  });

  it('never exceed what a timer of Node can hold: longer would fire at once', () => {
    const limits = serverLimits({ maxConnectionAgeMs: 1e12, keepaliveTimeMs: 1e12 });
    assert.equal(serverOptions(limits)['grpc.max_connection_age_ms'], 2 ** 31 - 1);
    assert.equal(serverOptions(limits)['grpc.keepalive_time_ms'], 2 ** 31 - 1);
  });

  it('switch off what is done above the transport: resolution, proxies, idleness, service configuration', () => {
    const options = clientOptions('shop', clientLimits({ compression: 'gzip' }), BACKOFF, 'gzip');
    assert.equal(options['grpc.default_authority'], 'shop');
    assert.equal(options['grpc.service_config_disable_resolution'], 1);
    assert.equal(options['grpc.enable_http_proxy'], 0);
    assert.equal(options['grpc.client_idle_timeout_ms'], 2 ** 31 - 1);
    // Off would take the transparent retries along.
    assert.ok(!('grpc.enable_retries' in options) && !('grpc.service_config' in options));
  });
});
