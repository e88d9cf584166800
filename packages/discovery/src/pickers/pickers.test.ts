import assert from 'node:assert/strict';
import { SeededRandom } from '@breakwater/core/testing';
import fc from 'fast-check';
import type { EndpointHealth } from '../endpoint.js';
import type { Candidate, PickerFactory } from '../picker.js';
import { anEndpoint } from '../testing/an-endpoint.js';
import { leastInFlight } from './least-in-flight.js';
import { roundRobin } from './round-robin.js';

interface Counting extends Candidate {
  inFlight: number;
}
const candidate = (id: string, weight = 1, health: EndpointHealth = 'passing', inFlight = 0): Counting => ({
  endpoint: anEndpoint(id, { weight, health }),
  inFlight,
});
const tally = (factory: PickerFactory, candidates: readonly Counting[], picks: number): Record<string, number> => {
  const picker = factory(candidates, new SeededRandom(1));
  const counts: Record<string, number> = {};
  for (let pick = 0; pick < picks; pick++) {
    const id = picker.pick([])?.endpoint.id ?? 'none';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
};

for (const [name, factory] of Object.entries({ roundRobin, leastInFlight })) {
  describe(`${name}, as every picker,`, () => {
    it('has nobody to pick when there are no candidates, and one when there is one', () => {
      const random = new SeededRandom(1);
      assert.equal(factory([], random).pick([]), undefined);
      assert.equal(factory([candidate('a')], random).pick(['a'])?.endpoint.id, 'a');
    });

    it('avoids endpoints that were tried while others are left, and picks all the same when none is', () => {
      const picker = factory([candidate('a', 50), candidate('b'), candidate('c')], new SeededRandom(1));
      for (let pick = 0; pick < 50; pick++) {
        assert.notEqual(picker.pick(['a'])?.endpoint.id, 'a');
        assert.equal(picker.pick(['a', 'b'])?.endpoint.id, 'c');
        assert.ok(picker.pick(['a', 'b', 'c']));
        assert.ok(picker.pick(['gone']));
      }
    });

    it('picks suspects only when nobody is healthy, and critical ones only when nobody else is left', () => {
      const of = (...healths: readonly EndpointHealth[]) =>
        Object.keys(
          tally(
            factory,
            healths.map((health, id) => candidate(`${health}${id}`, 1, health)),
            60,
          ),
        ).sort();
      assert.deepEqual(of('passing', 'suspect', 'critical', 'warning'), ['passing0', 'warning3']);
      assert.deepEqual(of('suspect', 'critical', 'suspect'), ['suspect0', 'suspect2']);
      assert.deepEqual(of('critical', 'critical'), ['critical0', 'critical1']);
    });

    it('spreads idle load by weight', () => {
      const counts = tally(factory, [candidate('a', 3), candidate('b', 1), candidate('c', 4)], 80_000);
      for (const [id, share] of [
        ['a', 3],
        ['b', 1],
        ['c', 4],
      ] as const) {
        assert.ok(Math.abs((counts[id] ?? 0) / 10_000 - share) < 0.15, `${id}: ${counts[id]}`);
      }
    });

    it('always picks a candidate, an untried one when there is one', () => {
      const weight = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0.001, 65_535));
      const input = fc.record({
        weights: fc.array(weight, { minLength: 1, maxLength: 6 }),
        tried: fc.array(fc.nat(6), { maxLength: 6 }),
        seed: fc.integer(),
      });
      fc.assert(
        fc.property(input, ({ weights, tried, seed }) => {
          const candidates = weights.map((one, id) => candidate(String(id), one, 'passing', id));
          const names = tried.map(String);
          const picker = factory(candidates, new SeededRandom(seed));
          for (let pick = 0; pick < 5; pick++) {
            const id = picker.pick(names)?.endpoint.id ?? '';
            assert.ok(candidates.some(({ endpoint }) => endpoint.id === id));
            if (candidates.some(({ endpoint }) => !names.includes(endpoint.id))) assert.ok(!names.includes(id));
          }
        }),
      );
    });
  });
}

describe('roundRobin', () => {
  it('takes equal candidates strictly in turn', () => {
    const picker = roundRobin([candidate('a'), candidate('b'), candidate('c')], { next: () => 0 });
    assert.equal(Array.from({ length: 7 }, () => picker.pick([])?.endpoint.id).join(''), 'abcabca');
  });

  it('starts anywhere, so that many clients do not start at the same one', () => {
    const random = new SeededRandom(3);
    const firsts = Array.from(
      { length: 40 },
      () => roundRobin([candidate('a'), candidate('b'), candidate('c')], random).pick([])?.endpoint.id,
    );
    assert.equal(new Set(firsts).size, 3);
  });

  it('goes on where the previous snapshot was', () => {
    const candidates = [candidate('a'), candidate('b'), candidate('c')];
    const first = roundRobin(candidates, { next: () => 0 });
    first.pick([]);
    assert.equal(roundRobin(candidates, { next: () => 0 }, first).pick([])?.endpoint.id, 'b');
  });

  it('is exact: weights 3 and 1 give 3 and 1 of every 4', () => {
    const picker = roundRobin([candidate('a', 3), candidate('b', 1)], { next: () => 0 });
    const sequence = Array.from({ length: 400 }, () => picker.pick([])?.endpoint.id).join('');
    assert.equal(sequence.replaceAll('a', '').length, 100);
    // Spread evenly: never more than four of the heavy one in a row.
    assert.equal(/a{5}|bb/.test(sequence), false, sequence);
  });
});

describe('leastInFlight', () => {
  it('takes the less busy one of any two', () => {
    const picker = leastInFlight(
      [candidate('busy', 1, 'passing', 9), candidate('idle', 1, 'passing', 1)],
      new SeededRandom(5),
    );
    for (let pick = 0; pick < 50; pick++) assert.equal(picker.pick([])?.endpoint.id, 'idle');
  });

  it('measures busyness per weight', () => {
    const picker = leastInFlight(
      [candidate('big', 10, 'passing', 9), candidate('small', 1, 'passing', 1)],
      new SeededRandom(5),
    );
    for (let pick = 0; pick < 50; pick++) assert.equal(picker.pick([])?.endpoint.id, 'big');
  });

  it('keeps the calls in flight even: a slow candidate gets fewer', () => {
    const candidates = [candidate('slow'), candidate('b'), candidate('c'), candidate('d')];
    const picker = leastInFlight(candidates, new SeededRandom(7));
    const served: Record<string, number> = {};
    const running: { one: Counting; until: number }[] = [];
    for (let now = 0; now < 5_000; now++) {
      for (const done of running.filter(({ until }) => until <= now)) {
        done.one.inFlight -= 1;
        running.splice(running.indexOf(done), 1);
      }
      const one = picker.pick([]);
      assert.ok(one);
      one.inFlight += 1;
      served[one.endpoint.id] = (served[one.endpoint.id] ?? 0) + 1;
      running.push({ one, until: now + (one.endpoint.id === 'slow' ? 40 : 4) });
    }
    assert.ok((served['slow'] ?? 0) < 500, JSON.stringify(served));
    assert.ok((served['slow'] ?? 0) > 50, JSON.stringify(served));
  });

  it('sees calls in flight change without a new snapshot', () => {
    const [a, b] = [candidate('a'), candidate('b')];
    const picker = leastInFlight([a, b], new SeededRandom(1));
    a.inFlight = 5;
    assert.equal(picker.pick([]), b);
    b.inFlight = 9;
    assert.equal(picker.pick([]), a);
  });
});
