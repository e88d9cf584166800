import assert from 'node:assert/strict';
import { createRuntime } from '@breakwater/core';
import { inMemoryRegistry, roundRobin } from '@breakwater/discovery';
import { type ChannelOptions, clientLimits, inProcessTransport } from '@breakwater/rpc';
import { type ChannelLease, leaseChannel } from './channels.js';

describe('leaseChannel', () => {
  const registry = inMemoryRegistry();
  const runtime = createRuntime();
  const transport = inProcessTransport();
  const leases: ChannelLease[] = [];
  const lease = (options: Partial<ChannelOptions> = {}): ChannelLease => {
    const made = leaseChannel({
      target: 'memory:///payments',
      registry,
      transport,
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 10, maxMs: 100 },
      runtime,
      drainGraceMs: 1000,
      ...options,
    });
    leases.push(made);
    return made;
  };
  afterEach(() => Promise.all(leases.splice(0).map((one) => one.release(0))));
  after(() => registry.close());

  it('gives all clients of a target one retry budget, also those with connections of their own', () => {
    const first = lease();
    assert.equal(lease().budget, first.budget);
    assert.equal(lease({ limits: clientLimits({ maxReceiveMessageBytes: 1000 }) }).budget, first.budget);
    assert.equal(lease({ drainGraceMs: 5 }).budget, first.budget);
  });

  it('keeps the budgets of different targets, registries and runtimes apart', () => {
    const { budget } = lease();
    assert.notEqual(lease({ target: 'memory:///orders' }).budget, budget);
    assert.notEqual(lease({ registry: inMemoryRegistry() }).budget, budget);
    assert.notEqual(lease({ runtime: createRuntime() }).budget, budget);
  });

  it('starts a new budget when the last client of the target has gone', async () => {
    const first = lease();
    await first.release(0);
    assert.notEqual(lease().budget, first.budget);
  });
});
