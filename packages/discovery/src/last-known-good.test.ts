import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eligible } from './eligible.js';
import { LastKnownGood } from './last-known-good.js';
import { anEndpoint } from './testing/an-endpoint.js';
import { noEndpoints, registryUnavailable } from './unavailable.js';

const empty = noEndpoints('knows no service');
const down = registryUnavailable('cannot be asked');

describe('LastKnownGood', () => {
  it('says why nobody is there while the registry was never reached', () => {
    assert.deepEqual(new LastKnownGood().failure(down, 0), { endpoints: [], stale: false, unavailable: down });
  });

  it('keeps the last answer through failures, marked stale, and takes the next answer as fresh', () => {
    const belief = new LastKnownGood();
    const endpoints = [anEndpoint('a')];
    assert.deepEqual(belief.answer(endpoints, empty, 0), { endpoints, stale: false });
    assert.deepEqual(belief.failure(down, 1), { endpoints, stale: true });
    assert.deepEqual(belief.answer(endpoints, empty, 2), { endpoints, stale: false });
  });

  it('says why nobody is eligible, also when instances are there', () => {
    const belief = new LastKnownGood();
    const endpoints = [anEndpoint('a', { health: 'critical' })];
    assert.deepEqual(belief.answer(endpoints, empty, 0), { endpoints, stale: false, unavailable: empty });
  });

  it('blames the registry, not the service, when an empty answer can no longer be checked', () => {
    const belief = new LastKnownGood();
    belief.answer([], empty, 0);
    assert.deepEqual(belief.failure(down, 1), { endpoints: [], stale: true, unavailable: down });
  });

  it('lets suspects go by time alone, also while the registry is down', () => {
    const belief = new LastKnownGood(100);
    belief.answer([anEndpoint('a')], empty, 0);
    belief.answer([], empty, 10);
    assert.equal(belief.nextChange, 110);
    belief.failure(down, 50);
    assert.deepEqual(belief.at(110), { endpoints: [], stale: true, unavailable: down });
    assert.equal(belief.nextChange, undefined);
  });

  it('says why exactly when nobody is eligible, and is stale exactly after a failure that followed an answer', () => {
    const health = fc.constantFrom<'passing' | 'critical'>('passing', 'critical');
    const step = fc.oneof(fc.constant('failure' as const), fc.array(health, { maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const belief = new LastKnownGood(50);
        let answered = false;
        steps.forEach((what, index) => {
          const now = index * 20;
          const set =
            what === 'failure'
              ? belief.failure(down, now)
              : belief.answer(
                  what.map((one, id) => anEndpoint(String(id), { health: one })),
                  empty,
                  now,
                );
          answered ||= what !== 'failure';
          assert.equal(set.unavailable !== undefined, eligible(set.endpoints).length === 0);
          assert.equal(set.stale, what === 'failure' && answered);
        });
      }),
    );
  });
});
