import { Code, RpcError } from '@breakwater/core';
import type { shop } from '@breakwater/contracts';
import { durationMs, invalid, requireText, timestampOf } from '@breakwater-examples/shop-common';
import type { Level, StockLine } from './stock-record.js';
import type { StockCommand, Warehouse } from './warehouse.js';

type ReservationLine = shop.inventory.v1.ReservationLine;
type StockLevel = shop.inventory.v1.StockLevel;
type SyncStockRequest = shop.inventory.v1.SyncStockRequest;

/** The inventory's side of the contract. */
export const inventoryHandlers = (warehouse: Warehouse): shop.inventory.v1.InventoryServer => ({
  async reserve(request) {
    const reservationId = requireText('reservation_id', request.reservationId);
    const lines = requireLines(request.lines);
    const holdMs = request.hold === undefined ? undefined : durationMs(request.hold);
    if (holdMs !== undefined && holdMs <= 0) throw invalid('hold', `is ${holdMs} ms, but must be above 0`);
    const result = await warehouse.execute({
      type: 'reserve',
      reservationId,
      lines,
      ...(holdMs === undefined ? {} : { expiresAt: Date.now() + holdMs }),
    });
    if (result.kind === 'out_of_stock') {
      const missing = result.missing.map(
        ({ sku, quantity, available }) => `${sku}: ${quantity} wanted, ${Math.max(0, available)} left`,
      );
      throw new RpcError(Code.FAILED_PRECONDITION, missing.join('; '), { reason: 'OUT_OF_STOCK' });
    }
    const { already, expiresAt } = expectKind(result, 'reserved');
    return {
      reservationId,
      alreadyReserved: already,
      expiresAt: expiresAt === undefined ? undefined : timestampOf(expiresAt),
    };
  },

  async release(request) {
    const reservationId = requireText('reservation_id', request.reservationId);
    const { released } = expectKind(await warehouse.execute({ type: 'release', reservationId }), 'released');
    return { released };
  },

  async getStock({ skus }) {
    const levels = await warehouse.levels(skus);
    return { levels: Object.fromEntries(levels.map((level) => [level.sku, toStockLevel(level)])) };
  },

  async *syncStock(requests) {
    for await (const request of requests) {
      const { level } = expectKind(await warehouse.execute(toAdjustment(request)), 'adjusted');
      yield { level: toStockLevel(level) };
    }
  },
});

function requireLines(lines: readonly ReservationLine[]): readonly StockLine[] {
  if (lines.length === 0) throw invalid('lines', 'must not be empty');
  return lines.map(({ sku, quantity }, index) => {
    if (quantity < 1) throw invalid(`lines[${index}].quantity`, `is ${quantity}, but must be at least 1`);
    return { sku: requireText(`lines[${index}].sku`, sku), quantity };
  });
}

function toAdjustment({ sku, adjustment }: SyncStockRequest): StockCommand {
  const name = requireText('sku', sku);
  if (adjustment === undefined) throw invalid('adjustment', 'must be a delta or a counted number');
  const pieces = Number(adjustment.value);
  if (!Number.isSafeInteger(pieces))
    throw invalid(`adjustment.${adjustment.$case}`, `is ${adjustment.value}, but no warehouse holds that many`);
  return adjustment.$case === 'delta'
    ? { type: 'adjust', sku: name, delta: pieces }
    : { type: 'adjust', sku: name, counted: pieces };
}

const toStockLevel = ({ sku, onHand, reserved, updatedAt }: Level): StockLevel => ({
  sku,
  onHand: BigInt(onHand),
  reserved: BigInt(reserved),
  available: BigInt(onHand - reserved),
  updatedAt: timestampOf(updatedAt),
});

/** A stock answers each kind of command with its own kind of result; anything else is a defect. */
function expectKind<R extends { readonly kind: string }, K extends R['kind']>(
  result: R,
  kind: K,
): Extract<R, { kind: K }> {
  if (result.kind !== kind) throw new Error(`expected ${kind}, the stock answered ${result.kind}`);
  return result as Extract<R, { kind: K }>;
}
