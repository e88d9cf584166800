import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { inProcessTransport } from '@breakwater/rpc';
import { closeClient, createClient, createService, type Service } from '@breakwater/service';
import { temporaryFolder } from '@breakwater-examples/shop-common/testing';
import { inventoryHandlers } from './handlers.js';
import { Warehouse } from './warehouse.js';

describe('inventory service', () => {
  const folder = temporaryFolder();
  let warehouse: Warehouse;
  let service: Service;
  let inventory: shop.inventory.v1.InventoryClient;
  beforeEach(async () => {
    warehouse = await Warehouse.open(join(folder(), 'stock.jsonl'));
    const transport = inProcessTransport();
    service = createService({ name: 'inventory', transport, signals: false, logger: false }).add(
      shop.inventory.v1.InventoryDefinition,
      inventoryHandlers(warehouse),
    );
    const { host, port } = await service.start();
    inventory = createClient(shop.inventory.v1.InventoryDefinition, `${host}:${port}`, { transport });
  });
  afterEach(async () => {
    await closeClient(inventory);
    await service.stop();
    await warehouse.close();
  });
  const failsWith = (code: Code, text: RegExp) => (error: unknown) =>
    error instanceof RpcError && error.code === code && text.test(error.message);

  it('answers each report of a warehouse with the level it led to, in order', async () => {
    const levels: bigint[] = [];
    const reports = (async function* () {
      yield { sku: 'mug', adjustment: { $case: 'counted' as const, value: 10n } };
      yield { sku: 'mug', adjustment: { $case: 'delta' as const, value: -3n } };
      yield { sku: 'mug', adjustment: { $case: 'delta' as const, value: 1n } };
    })();
    for await (const { level } of inventory.syncStock(reports)) levels.push(level?.available ?? -1n);
    assert.deepEqual(levels, [10n, 7n, 8n]);
    const { levels: now } = await inventory.getStock({ skus: [] });
    assert.equal(now['mug']?.onHand, 8n);
  });

  it('says what is missing when the stock does not suffice', async () => {
    await assert.rejects(
      inventory.reserve({ reservationId: 'r', lines: [{ sku: 'mug', quantity: 2 }] }),
      (error) =>
        failsWith(Code.FAILED_PRECONDITION, /mug: 2 wanted, 0 left/)(error) &&
        (error as RpcError).reason === 'OUT_OF_STOCK',
    );
  });

  it('holds a reservation for as long as it was asked to', async () => {
    await warehouse.execute({ type: 'adjust', sku: 'mug', counted: 1 });
    const { expiresAt } = await inventory.reserve({
      reservationId: 'r',
      lines: [{ sku: 'mug', quantity: 1 }],
      hold: { seconds: 60n, nanos: 0 },
    });
    assert.ok(expiresAt !== undefined);
    const again = await inventory.reserve({ reservationId: 'r', lines: [{ sku: 'mug', quantity: 1 }] });
    assert.equal(again.alreadyReserved, true);
    assert.deepEqual(again.expiresAt, expiresAt);
    assert.deepEqual(await inventory.release({ reservationId: 'r' }), { released: true });
    assert.deepEqual(await inventory.release({ reservationId: 'r' }), { released: false });
  });

  it('names the field of a request that makes no sense', async () => {
    const line = { sku: 'mug', quantity: 1 };
    await assert.rejects(inventory.reserve({ lines: [line] }), failsWith(Code.INVALID_ARGUMENT, /reservation_id/));
    await assert.rejects(
      inventory.reserve({ reservationId: 'r', lines: [] }),
      failsWith(Code.INVALID_ARGUMENT, /lines/),
    );
    await assert.rejects(
      inventory.reserve({ reservationId: 'r', lines: [line, { sku: 'mug' }] }),
      failsWith(Code.INVALID_ARGUMENT, /lines\[1\]\.quantity/),
    );
    await assert.rejects(
      inventory.reserve({ reservationId: 'r', lines: [line], hold: { seconds: -1n, nanos: 0 } }),
      failsWith(Code.INVALID_ARGUMENT, /hold/),
    );
  });
});
