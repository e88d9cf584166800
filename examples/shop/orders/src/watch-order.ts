import { Code, RpcError } from '@breakwater/core';
import type { shop } from '@breakwater/contracts';
import type { OrderBook } from './order-book.js';
import { isFinal, type OrderEntry } from './order-record.js';

type WatchOrderResponse = shop.orders.v1.WatchOrderResponse;

/**
 * The states of an order: the present one, then every change, until none can follow or `signal` is aborted.
 * @throws RpcError NOT_FOUND when nobody placed it
 */
export async function* watchOrder(
  book: OrderBook,
  orderId: string,
  signal: AbortSignal,
): AsyncGenerator<WatchOrderResponse> {
  const queue: OrderEntry[] = [];
  let wake: () => void = () => undefined;
  // Subscribed before the first look, so that nothing falls in between.
  const unsubscribe = book.subscribe(orderId, (entry) => {
    queue.push(entry);
    wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  try {
    const present = await book.find(orderId);
    if (present === undefined) throw new RpcError(Code.NOT_FOUND, `no order ${orderId}`, { reason: 'NO_ORDER' });
    let seen = 0;
    for (let entry: OrderEntry | undefined = present; !signal.aborted; entry = queue.shift()) {
      if (entry === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (entry.sequence > seen) {
        seen = entry.sequence;
        yield toResponse(entry);
        if (isFinal(entry.order)) return;
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    unsubscribe();
  }
}

const toResponse = ({ order, sequence }: OrderEntry): WatchOrderResponse => ({
  sequence: BigInt(sequence),
  orderId: order.orderId,
  status: order.status,
  paymentStatus: order.paymentStatus,
  changedAt: order.updatedAt,
});
