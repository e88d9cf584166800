import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConsulError } from '../client/consul-error.js';
import { toEndpoints, toHealths } from './health-entries.js';

const CASES = 100 * (fc.readConfigureGlobal().numRuns ?? 20);

const anything = fc.jsonValue({ maxDepth: 2 });
/** Mostly what Consul sends, sometimes anything else. */
const mostly = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: anything });
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 65_535 }) },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.double() },
);

const entry = fc.record(
  {
    Node: mostly(fc.record({ Node: mostly(fc.string()), Address: mostly(fc.ipV4()) }, { requiredKeys: [] })),
    Service: mostly(
      fc.record(
        {
          ID: mostly(fc.string()),
          Address: mostly(fc.ipV4()),
          Port: mostly(number),
          Tags: mostly(fc.array(mostly(fc.string()))),
          Meta: mostly(
            fc.dictionary(
              fc.oneof(fc.string(), fc.constantFrom('breakwater-weight', 'breakwater-generation', '__proto__')),
              mostly(fc.oneof(fc.string(), number.map(String))),
            ),
          ),
          Weights: mostly(fc.record({ Passing: mostly(number), Warning: mostly(number) }, { requiredKeys: [] })),
          CreateIndex: mostly(number),
        },
        { requiredKeys: ['ID', 'Address', 'Port'] },
      ),
    ),
    Checks: mostly(
      fc.array(mostly(fc.record({ Status: mostly(fc.constantFrom('passing', 'warning', 'critical', 'maintenance')) }))),
    ),
  },
  { requiredKeys: ['Service'] },
);

/** The value, or nothing when it is refused as no answer of Consul's. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof ConsulError && error.kind === 'malformed', String(error));
    return undefined;
  }
}

describe('a health answer that may hold anything', () => {
  it('is refused as malformed, or gives endpoints that can be called', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(fc.array(mostly(entry), { maxLength: 4 }), anything), fc.boolean(), (body, passingOnly) => {
        const endpoints = orRefused(() => toEndpoints(body, passingOnly));
        orRefused(() => toHealths(body));
        for (const { host, port, weight, health, tags, meta } of endpoints ?? []) {
          read += 1;
          assert.ok(host !== '');
          assert.ok(Number.isInteger(port) && port >= 1 && port <= 65_535, `port ${port}`);
          assert.ok(Number.isFinite(weight) && weight > 0, `weight ${weight}`);
          assert.ok(['passing', 'warning', 'critical'].includes(health), health);
          for (const text of [...tags, ...Object.values(meta)]) assert.equal(typeof text, 'string');
        }
      }),
      { numRuns: CASES },
    );
    assert.ok(read > CASES / 20, `only ${read} endpoints in ${CASES} answers`);
  });
});
