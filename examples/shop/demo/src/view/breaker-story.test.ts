import assert from 'node:assert/strict';
import type { PolicyReport } from '@breakwater-examples/shop-common';
import { BreakerStory } from './breaker-story.js';

type State = NonNullable<PolicyReport['from']>;

describe('the story of circuit breakers', () => {
  const change = (from: State, to: State, why: string): PolicyReport => ({
    ...{ type: 'breaker_transition', policy: 'circuit-breaker', method: '' },
    ...{ target: 'consul:///payments shop.payments.v1.Payments/Authorize', from, to, why },
  });
  const probe = change('open', 'half_open', '500 ms have passed');
  const failed = change('half_open', 'open', 'probe failed');
  const closed = change('half_open', 'closed', 'probe succeeded');

  it('tells of an outage once, and at its end how many probes failed', () => {
    const story = new BreakerStory();
    const opened = change('closed', 'open', 'failure ratio 0.50 of 8 calls');
    const told = [opened, probe, failed, probe, failed, probe, failed, probe, closed].flatMap(
      (event) => story.tell('orders-1', event) ?? [],
    );
    assert.deepEqual(told, [
      'orders-1: circuit breaker of Payments/Authorize closed -> open: failure ratio 0.50 of 8 calls',
      'orders-1: circuit breaker of Payments/Authorize open -> half_open: 500 ms have passed',
      'orders-1: circuit breaker of Payments/Authorize half_open -> open: probe failed',
      'orders-1: circuit breaker of Payments/Authorize half_open -> closed: probe succeeded after 3 that failed',
    ]);
    assert.ok(story.tell('orders-1', opened) !== undefined, 'the next outage is news again');
    assert.ok(story.tell('orders-1', probe) !== undefined);
  });

  it('keeps processes apart', () => {
    const story = new BreakerStory();
    assert.ok(story.tell('orders-1', failed) !== undefined);
    assert.equal(story.tell('orders-1', failed), undefined);
    assert.ok(story.tell('orders-2', failed) !== undefined);
    assert.match(String(story.tell('orders-2', closed)), /probe succeeded$/);
  });

  it('has nothing to tell of other events', () => {
    const event: PolicyReport = { type: 'rejected', policy: 'rate-limit', target: 'orders', method: 'PlaceOrder' };
    assert.equal(new BreakerStory().tell('orders-1', event), undefined);
  });
});
