import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { timestampOf } from '@breakwater-examples/shop-common';
import type { OrderBook } from './order-book.js';
import { newOrder, sourceOf } from './order-request.js';
import { fingerprintOf, isUnfinished, type OrderEntry } from './order-record.js';

type Order = shop.orders.v1.Order;
type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;

const { OrderStatus, PaymentStatus } = shop.orders.v1;
const Payment = shop.payments.v1.PaymentStatus;

/** A client is told to repeat an order that could not be arranged after this long. */
const RETRY_AFTER_MS = 200;

export interface Suppliers {
  readonly inventory: shop.inventory.v1.InventoryClient;
  /** Answers without a payment (its fallback) when payments cannot be asked: the order is accepted and the charge deferred. */
  readonly payments: shop.payments.v1.PaymentsClient;
}

/**
 * Arranges orders: stock, then money. Every state is journaled before anybody hears of it, and every step may be repeated
 * under the order's id. So an order that was begun is always brought to an end, whichever process dies when.
 */
export class OrderDesk {
  private readonly running = new Map<string, { readonly fingerprint: string; readonly done: Promise<Order> }>();

  constructor(
    private readonly book: OrderBook,
    private readonly suppliers: Suppliers,
  ) {}

  /**
   * Places an order, or answers with it as it stands when it was placed before, here or at another instance.
   * @throws RpcError INVALID_ARGUMENT; ALREADY_EXISTS for another content under a used id; FAILED_PRECONDITION out of stock;
   * UNAVAILABLE when nobody can say yet: it is being arranged, and repeating the request tells the result
   */
  async place(request: PlaceOrderRequest): Promise<Order> {
    const order = newOrder(request);
    const fingerprint = fingerprintOf(request);
    for (;;) {
      const running = this.running.get(order.orderId);
      if (running !== undefined) {
        requireSame(running.fingerprint, fingerprint, order.orderId);
        const joined = await running.done.catch(() => undefined);
        // The other call was cancelled or failed; this one stands for itself.
        if (joined === undefined) continue;
        return answer(joined);
      }
      const known = await this.book.find(order.orderId);
      if (known !== undefined) {
        requireSame(known.fingerprint, fingerprint, order.orderId);
        if (known.order.status !== OrderStatus.PENDING) return answer(known.order);
      }
      // Another call with this id may have begun while the journals were read.
      if (this.running.has(order.orderId)) continue;
      return answer(
        await this.track(order.orderId, fingerprint, this.arrange(known?.order ?? order, request, known === undefined)),
      );
    }
  }

  /** Goes on with an order that was left unfinished. @returns whether it is at an end now */
  async finish({ order, request, fingerprint }: OrderEntry): Promise<boolean> {
    if (this.running.has(order.orderId) || !isUnfinished(order)) return true;
    const work =
      order.status === OrderStatus.PENDING ? this.arrange(order, request, false) : this.charge(order, request);
    return !isUnfinished(await this.track(order.orderId, fingerprint, work));
  }

  private async track(orderId: string, fingerprint: string, done: Promise<Order>): Promise<Order> {
    this.running.set(orderId, { fingerprint, done });
    try {
      return await done;
    } finally {
      this.running.delete(orderId);
    }
  }

  private async arrange(order: Order, request: PlaceOrderRequest, isNew: boolean): Promise<Order> {
    // Noted before the first step: whatever is reserved or charged from here on belongs to an order that is known.
    if (isNew) await this.book.put(order, request);
    try {
      await this.suppliers.inventory.reserve({ reservationId: order.orderId, lines: order.lines });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.code !== Code.FAILED_PRECONDITION) throw notArranged('the stock', error);
      return await this.reject(order, PaymentStatus.NONE, error.details);
    }
    return await this.charge(order, request);
  }

  /** The stock is reserved; now the money. */
  private async charge(order: Order, request: PlaceOrderRequest): Promise<Order> {
    const { orderId, customerId, total } = order;
    try {
      const { payment } = await this.suppliers.payments.authorize({
        idempotencyKey: orderId,
        orderId,
        customerId,
        amount: total,
        source: sourceOf(request),
      });
      if (payment === undefined) return await this.defer(order);
      if (payment.status === Payment.DECLINED)
        return await this.rejectAndRelease(order, payment.declineReason ?? 'payment declined');
      return await this.update(order, {
        status: OrderStatus.ACCEPTED,
        paymentStatus: PaymentStatus.AUTHORIZED,
        paymentId: payment.paymentId,
      });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.code === Code.INVALID_ARGUMENT)
        return await this.rejectAndRelease(order, `payment refused: ${error.details}`);
      throw notArranged('the payment', error);
    }
  }

  private async defer(order: Order): Promise<Order> {
    if (order.paymentStatus === PaymentStatus.DEFERRED) return order;
    return await this.update(order, { status: OrderStatus.ACCEPTED, paymentStatus: PaymentStatus.DEFERRED });
  }

  /** Releases first: if that fails the order stays unfinished, and all of it is done again. */
  private async rejectAndRelease(order: Order, reason: string): Promise<Order> {
    await this.suppliers.inventory.release({ reservationId: order.orderId });
    return await this.reject(order, PaymentStatus.DECLINED, reason);
  }

  private reject(order: Order, paymentStatus: Order['paymentStatus'], rejectionReason: string): Promise<Order> {
    return this.update(order, { status: OrderStatus.REJECTED, paymentStatus, rejectionReason });
  }

  private async update(order: Order, change: Partial<Order>): Promise<Order> {
    const next = { ...order, ...change, updatedAt: timestampOf(Date.now()) };
    await this.book.put(next);
    return next;
  }
}

/** What the client of an order hears; an order without stock is a failed call, by the contract. */
function answer(order: Order): Order {
  if (order.status === OrderStatus.REJECTED && order.paymentStatus === PaymentStatus.NONE)
    throw new RpcError(Code.FAILED_PRECONDITION, order.rejectionReason ?? 'out of stock', { reason: 'OUT_OF_STOCK' });
  return order;
}

function requireSame(known: string, given: string, orderId: string): void {
  if (known === given) return;
  throw new RpcError(Code.ALREADY_EXISTS, `order ${orderId} exists with another content; choose another order_id`, {
    reason: 'ORDER_ID_USED',
  });
}

/** Placing an order may be repeated, so its caller is asked to, whatever kind of trouble it was. */
function notArranged(what: string, cause: RpcError): RpcError {
  if (cause.code === Code.CANCELLED || cause.code === Code.DEADLINE_EXCEEDED) return cause;
  return new RpcError(Code.UNAVAILABLE, `${what} cannot be arranged yet; repeat the request`, {
    reason: 'NOT_ARRANGED',
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  });
}
