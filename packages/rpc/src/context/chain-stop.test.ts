import assert from 'node:assert/strict';
import { Code, Metadata, RpcError } from '@breakwater/core';
import { PREVIOUS_ATTEMPTS_KEY, retry } from '@breakwater/resilience';
import { World } from '../testing/world.js';

describe('chain stop', () => {
  it('leaves calls one attempt while a call is handled that is itself a retry, whatever they ask for', async () => {
    const world = new World();
    const reached: Record<string, number> = {};
    const policy = retry({ maxAttempts: 3, initialBackoffMs: 1 }, world.runtime);
    const inner = world.client(world.channel(), policy);
    await world.serve({
      one: async ({ text }) => {
        reached[text] = (reached[text] ?? 0) + 1;
        if (text === 'outer' || text === 'outer again') {
          await inner.one({ text: `${text}, inner` }).catch(() => {});
          await inner.one({ text: `${text}, insists` }, { maxAttempts: 2 }).catch(() => {});
          await inner.one({ text: `${text}, apart` }, { parent: null }).catch(() => {});
          return {};
        }
        throw new RpcError(Code.UNAVAILABLE, 'down');
      },
    });
    await world.client().one({ text: 'outer' });
    // What retry of the caller would send; applications may not.
    const again = Metadata.fromEntries([[PREVIOUS_ATTEMPTS_KEY, '1']]);
    await world.client().one({ text: 'outer again' }, { metadata: again });
    assert.deepEqual(reached, {
      outer: 1,
      'outer, inner': 3,
      'outer, insists': 2,
      'outer, apart': 3,
      'outer again': 1,
      'outer again, inner': 1,
      'outer again, insists': 1,
      'outer again, apart': 3,
    });
    await world.close();
  });
});
