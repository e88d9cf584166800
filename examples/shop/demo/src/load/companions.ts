import type { shop } from '@breakwater/contracts';
import { shop as contracts } from '@breakwater/contracts';
import { RpcError } from '@breakwater/core';
import { type Ledger, totalOf } from './ledger.js';
import { ARTICLES, type OrderFactory } from './order-factory.js';
import { readOrder } from './told.js';

type SyncStockRequest = shop.inventory.v1.SyncStockRequest;

const { PaymentStatus } = contracts.orders.v1;

/** Pieces of each article that are there at the beginning: more than a run can sell. */
const PIECES = 1_000_000;

/** A warehouse reports a stocktake over one bidirectional stream. @returns pieces available by article, as the inventory sees it */
export async function stockWarehouse(
  inventory: shop.inventory.v1.InventoryClient,
): Promise<ReadonlyMap<string, bigint>> {
  const available = new Map<string, bigint>();
  for await (const { level } of inventory.syncStock(stocktake()))
    if (level !== undefined) available.set(level.sku, level.available);
  return available;
}

async function* stocktake(): AsyncGenerator<SyncStockRequest> {
  for (const { sku } of ARTICLES)
    yield { sku, adjustment: { $case: 'counted', value: BigInt(PIECES) }, occurredAt: undefined };
}

/**
 * A partner hands in a batch of orders over one client stream, and then asks for each of them.
 * @returns how many were accepted
 */
export async function importBatch(
  orders: shop.orders.v1.OrdersClient,
  factory: OrderFactory,
  ledger: Ledger,
  phase: string,
  size: number,
): Promise<number> {
  const batch = Array.from({ length: size }, () => factory.next());
  const begun = performance.now();
  const summary = await orders.importOrders(
    (async function* () {
      for (const order of batch) yield { order };
    })(),
  );
  const latencyMs = (performance.now() - begun) / size;
  for (const request of batch) {
    const reason = summary.rejected[request.orderId];
    const { order } = await orders.getOrder({ orderId: request.orderId });
    const answer = reason === undefined ? readOrder(order) : ({ told: 'declined', details: reason } as const);
    ledger.add({ orderId: request.orderId, phase, minorUnits: totalOf(request), latencyMs, answer });
  }
  return summary.accepted;
}

/**
 * Follows an order over a server stream until its deferred payment is made.
 * @returns ms until then, or undefined when the stream ended before
 */
export async function followUntilPaid(
  orders: shop.orders.v1.OrdersClient,
  orderId: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const begun = performance.now();
  try {
    for await (const { paymentStatus } of orders.watchOrder({ orderId }, { signal }))
      if (paymentStatus === PaymentStatus.AUTHORIZED) return performance.now() - begun;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
  return undefined;
}

/** Reads the shop's list of payments over a server stream. @returns how many there are */
export async function countPayments(payments: shop.payments.v1.PaymentsClient): Promise<number> {
  let count = 0;
  for await (const { payment } of payments.listPayments({ limit: 0, orderId: undefined, since: undefined }))
    if (payment !== undefined) count += 1;
  return count;
}
