import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StaleCache } from './stale-cache.js';

describe('StaleCache', () => {
  it('keeps what a naive list of uses would keep', () => {
    const step = fc.record({
      kind: fc.constantFrom('put', 'get'),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      gapMs: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 100 }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        (maxEntries, maxAgeMs, steps) => {
          const cache = new StaleCache<number>(maxEntries, maxAgeMs);
          let list: { key: string; value: number; at: number }[] = [];
          let now = 0;
          for (const [index, { kind, key, gapMs }] of steps.entries()) {
            now += gapMs;
            const known = list.find((one) => one.key === key);
            list = list.filter((one) => one.key !== key);
            if (kind === 'put') {
              cache.put(key, index, now);
              list = [...list, { key, value: index, at: now }].slice(-maxEntries);
            } else {
              const fresh = known !== undefined && now - known.at <= maxAgeMs ? known : undefined;
              assert.equal(cache.get(key, now)?.value, fresh?.value);
              if (fresh !== undefined) list.push(fresh);
            }
            assert.equal(cache.size, list.length);
          }
        },
      ),
    );
  });

  it('tells a remembered undefined from nothing remembered', () => {
    const cache = new StaleCache<undefined>(1, 1);
    assert.equal(cache.get('key', 0), undefined);
    cache.put('key', undefined, 0);
    assert.ok(cache.get('key', 0));
  });
});
