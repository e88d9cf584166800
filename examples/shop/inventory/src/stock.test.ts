import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Stock } from './stock.js';
import type { StockRecord } from './stock-record.js';

let entry = 0;
type Bare = StockRecord extends infer R ? (R extends StockRecord ? Omit<R, 'entryId' | 'at'> : never) : never;
const record = (bare: Bare, at = 0): StockRecord => {
  entry += 1;
  return { ...bare, entryId: String(entry), at };
};
const count = (sku: string, counted: number, at = 0) => record({ type: 'adjust', sku, counted }, at);
const reserve = (
  reservationId: string,
  lines: Record<string, number>,
  more: { expiresAt?: number; at?: number } = {},
) =>
  record(
    {
      type: 'reserve',
      reservationId,
      lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity })),
      ...(more.expiresAt === undefined ? {} : { expiresAt: more.expiresAt }),
    },
    more.at,
  );
const release = (reservationId: string, at = 0) => record({ type: 'release', reservationId }, at);

describe('stock', () => {
  it('reserves all lines or none', () => {
    const stock = new Stock();
    stock.apply(count('mug', 5));
    stock.apply(count('lamp', 1));
    const result = stock.apply(reserve('r', { mug: 2, lamp: 2 }));
    assert.deepEqual(result, { kind: 'out_of_stock', missing: [{ sku: 'lamp', quantity: 2, available: 1 }] });
    assert.equal(stock.level('mug', 0)?.reserved, 0);
  });

  it('adds up the lines of one article', () => {
    const stock = new Stock();
    stock.apply(count('mug', 5));
    const lines = [
      { sku: 'mug', quantity: 3 },
      { sku: 'mug', quantity: 3 },
    ];
    assert.equal(stock.apply(record({ type: 'reserve', reservationId: 'r', lines })).kind, 'out_of_stock');
  });

  it('reserves one id once', () => {
    const stock = new Stock();
    stock.apply(count('mug', 5));
    assert.deepEqual(stock.apply(reserve('r', { mug: 5 })), { kind: 'reserved', already: false, expiresAt: undefined });
    assert.deepEqual(stock.apply(reserve('r', { mug: 5 })), { kind: 'reserved', already: true, expiresAt: undefined });
    assert.equal(stock.level('mug', 0)?.reserved, 5);
  });

  it('gives back once', () => {
    const stock = new Stock();
    stock.apply(count('mug', 5));
    stock.apply(reserve('r', { mug: 5 }));
    assert.deepEqual(stock.apply(release('r')), { kind: 'released', released: true });
    assert.deepEqual(stock.apply(release('r')), { kind: 'released', released: false });
    assert.equal(stock.apply(reserve('s', { mug: 5 })).kind, 'reserved');
  });

  it('lets a reservation lapse at its instant, for readers and for the next writer', () => {
    const stock = new Stock();
    stock.apply(count('mug', 5));
    stock.apply(reserve('r', { mug: 5 }, { expiresAt: 100 }));
    assert.equal(stock.level('mug', 99)?.reserved, 5);
    assert.equal(stock.level('mug', 100)?.reserved, 0);
    assert.equal(stock.apply(reserve('s', { mug: 1 }, { at: 99 })).kind, 'out_of_stock');
    assert.equal(stock.apply(reserve('s', { mug: 5 }, { at: 100 })).kind, 'reserved');
  });

  it('takes a stocktake as it is, although less was found than was promised', () => {
    const stock = new Stock();
    stock.apply(count('mug', 5));
    stock.apply(reserve('r', { mug: 4 }));
    const result = stock.apply(count('mug', 1));
    assert.ok(result.kind === 'adjusted');
    assert.equal(result.level.onHand - result.level.reserved, -3);
    assert.equal(stock.apply(reserve('s', { mug: 1 })).kind, 'out_of_stock');
  });

  it('never promises more than there is, and gives everything back, whatever the order of events', () => {
    const sku = fc.constantFrom('a', 'b');
    const id = fc.integer({ min: 0, max: 8 }).map((n) => `r${n}`);
    const command = fc.oneof(
      fc.record({ kind: fc.constant('in' as const), sku, pieces: fc.integer({ min: 1, max: 10 }) }),
      fc.record({ kind: fc.constant('reserve' as const), id, sku, pieces: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ kind: fc.constant('release' as const), id }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const stock = new Stock();
        const held = new Map<string, { sku: string; pieces: number }>();
        for (const one of commands) {
          if (one.kind === 'in') stock.apply(record({ type: 'adjust', sku: one.sku, delta: one.pieces }));
          else if (one.kind === 'release') {
            const result = stock.apply(release(one.id));
            assert.deepEqual(result, { kind: 'released', released: held.delete(one.id) });
          } else {
            const result = stock.apply(reserve(one.id, { [one.sku]: one.pieces }));
            if (result.kind === 'reserved' && !result.already) held.set(one.id, { sku: one.sku, pieces: one.pieces });
          }
          for (const name of stock.skus()) {
            const level = stock.level(name, 0);
            const promised = [...held.values()].reduce(
              (sum, { sku: of, pieces }) => sum + (of === name ? pieces : 0),
              0,
            );
            assert.equal(level?.reserved, promised);
            assert.ok((level?.onHand ?? 0) >= promised);
          }
        }
      }),
    );
  });
});
