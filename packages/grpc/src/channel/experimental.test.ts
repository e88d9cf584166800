import assert from 'node:assert/strict';
import { Server } from '@grpc/grpc-js';
import * as api from './experimental.js';

const all: Readonly<Record<string, unknown>> = { ...api };
import { BALANCERS, installBalancers } from './install.js';

describe("grpc-js' experimental API, as far as it is used here", () => {
  it('has every function and class', () => {
    const used = [
      'createChildChannelControlHelper',
      'isLoadBalancerNameRegistered',
      'parseLoadBalancingConfig',
      'registerLoadBalancerType',
    ] as const;
    const more = [
      'registerResolver',
      'statusOrFromError',
      'statusOrFromValue',
      'LeafLoadBalancer',
      'QueuePicker',
      'UnavailablePicker',
    ] as const;
    for (const name of [...used, ...more]) assert.equal(typeof all[name], 'function', name);
  });

  it('leaves attributes with its prefix out of the keys of connections', () => {
    assert.equal(api.SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX, 'grpc.internal.no_subchannel');
  });

  it('gives a leaf balancer the methods that ours calls', () => {
    const { prototype } = api.LeafLoadBalancer;
    for (const name of ['startConnecting', 'getConnectivityState', 'getPicker', 'exitIdle', 'destroy'] as const) {
      assert.equal(typeof prototype[name], 'function', name);
    }
  });

  it('knows our policies after they are installed, and parses a service config that names them', () => {
    installBalancers();
    for (const name of BALANCERS) {
      assert.ok(api.isLoadBalancerNameRegistered(name));
      const config = api.parseLoadBalancingConfig({ [name]: {} });
      assert.equal(config.getLoadBalancerName(), name);
      assert.deepEqual(config.toJsonObject(), { [name]: {} });
    }
  });

  it('still has the private method of the server that unknown paths go through', () => {
    assert.equal(typeof (Server.prototype as unknown as Record<string, unknown>)['_retrieveHandler'], 'function');
  });
});
