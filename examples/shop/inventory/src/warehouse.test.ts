import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@breakwater-examples/shop-common/testing';
import { Warehouse } from './warehouse.js';

describe('warehouse', () => {
  const folder = temporaryFolder();
  const path = () => join(folder(), 'stock.jsonl');
  let open: Warehouse[];
  const instance = async () => {
    const warehouse = await Warehouse.open(path());
    open.push(warehouse);
    return warehouse;
  };
  beforeEach(() => {
    open = [];
  });
  afterEach(() => Promise.all(open.map((warehouse) => warehouse.close())));
  const reserve = (warehouse: Warehouse, reservationId: string, quantity = 1) =>
    warehouse.execute({ type: 'reserve', reservationId, lines: [{ sku: 'mug', quantity }] });

  it('is one stock for all instances: what one reserved another can give back', async () => {
    const [a, b] = [await instance(), await instance()];
    await a.execute({ type: 'adjust', sku: 'mug', counted: 3 });
    assert.equal((await reserve(b, 'r', 3)).kind, 'reserved');
    assert.equal((await reserve(a, 's')).kind, 'out_of_stock');
    assert.deepEqual(await a.execute({ type: 'release', reservationId: 'r' }), { kind: 'released', released: true });
    assert.equal((await reserve(b, 's')).kind, 'reserved');
  });

  it('sells every piece exactly once to many who ask several instances at the same time', async () => {
    const instances = [await instance(), await instance(), await instance()];
    await instances[0]?.execute({ type: 'adjust', sku: 'mug', counted: 50 });
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, n) => {
        const one = instances[n % instances.length];
        assert.ok(one !== undefined);
        return reserve(one, `r${n}`);
      }),
    );
    assert.equal(results.filter(({ kind }) => kind === 'reserved').length, 50);
    for (const one of instances)
      assert.deepEqual(
        (await one.levels()).map(({ onHand, reserved }) => [onHand, reserved]),
        [[50, 50]],
      );
  });

  it('reserves an id once, also when two instances are asked at the same time', async () => {
    const [a, b] = [await instance(), await instance()];
    await a.execute({ type: 'adjust', sku: 'mug', counted: 10 });
    const results = await Promise.all([reserve(a, 'r', 4), reserve(b, 'r', 4)]);
    assert.deepEqual(results.map((result) => result.kind === 'reserved' && result.already).sort(), [false, true]);
    assert.equal((await b.levels(['mug']))[0]?.reserved, 4);
  });

  it('is what it was after a restart, and is not led astray by a line that was torn', async () => {
    const before = await instance();
    await before.execute({ type: 'adjust', sku: 'mug', counted: 2 });
    await reserve(before, 'r');
    await appendFile(path(), '\n{"type":"release","reservationId":"r","ent');
    const after = await instance();
    assert.deepEqual(
      (await after.levels()).map(({ sku, onHand, reserved }) => ({ sku, onHand, reserved })),
      [{ sku: 'mug', onHand: 2, reserved: 1 }],
    );
    assert.equal((await reserve(after, 's')).kind, 'reserved');
    assert.equal((await reserve(before, 't')).kind, 'out_of_stock');
  });

  it('leaves out what nobody ever stocked', async () => {
    assert.deepEqual(await (await instance()).levels(['unicorn']), []);
  });
});
