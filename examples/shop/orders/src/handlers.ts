import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { invalid, requireText } from '@breakwater-examples/shop-common';
import type { OrderBook } from './order-book.js';
import type { OrderDesk } from './order-desk.js';
import { watchOrder } from './watch-order.js';

type ImportOrdersResponse = shop.orders.v1.ImportOrdersResponse;

const { OrderStatus } = shop.orders.v1;

/** The orders' side of the contract. */
export const ordersHandlers = (book: OrderBook, desk: OrderDesk): shop.orders.v1.OrdersServer => ({
  placeOrder: async (request) => ({ order: await desk.place(request) }),

  async getOrder({ orderId }) {
    const found = await book.find(requireText('order_id', orderId));
    if (found === undefined) throw new RpcError(Code.NOT_FOUND, `no order ${orderId}`, { reason: 'NO_ORDER' });
    return { order: found.order };
  },

  watchOrder: ({ orderId }, context) => watchOrder(book, requireText('order_id', orderId), context.signal),

  async importOrders(requests) {
    const summary: ImportOrdersResponse = { received: 0, accepted: 0, rejected: {}, acceptedMinorUnits: {} };
    for await (const { order: request } of requests) {
      summary.received += 1;
      if (request === undefined) throw invalid(`order ${summary.received}`, 'must be set');
      try {
        const order = await desk.place(request);
        if (order.status === OrderStatus.REJECTED) {
          summary.rejected[order.orderId] = order.rejectionReason ?? 'rejected';
          continue;
        }
        summary.accepted += 1;
        const { currencyCode = '', minorUnits = 0n } = order.total ?? {};
        summary.acceptedMinorUnits[currencyCode] = (summary.acceptedMinorUnits[currencyCode] ?? 0n) + minorUnits;
      } catch (error) {
        if (!(error instanceof RpcError) || !REFUSALS.has(error.code)) throw error;
        summary.rejected[request.orderId] = error.details;
      }
    }
    return summary;
  },
});

/** What is wrong with one order, and does not stop the rest of an import. */
const REFUSALS: ReadonlySet<Code> = new Set([Code.INVALID_ARGUMENT, Code.ALREADY_EXISTS, Code.FAILED_PRECONDITION]);
