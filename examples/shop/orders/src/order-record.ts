import { createHash } from 'node:crypto';
import { shop } from '@breakwater/contracts';

type Order = shop.orders.v1.Order;
type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;

const OrderMessage = shop.orders.v1.Order;
const RequestMessage = shop.orders.v1.PlaceOrderRequest;
const { OrderStatus, PaymentStatus } = shop.orders.v1;

/** A line of an orders journal: an order as it stood at that moment. */
export interface OrderRecord {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** JSON form of `shop.orders.v1.Order`. */
  readonly order: unknown;
  /** JSON form of the request; with the first record of an order, to go on with it after a crash. */
  readonly request?: unknown;
}

/** An order together with what was asked for. */
export interface OrderEntry {
  readonly order: Order;
  readonly request: PlaceOrderRequest;
  readonly fingerprint: string;
  /** 1 for the first state, one more with each change. */
  readonly sequence: number;
  /** Whether this instance wrote of it: then it is the one that brings it to an end. */
  readonly own: boolean;
}

export const toRecord = (order: Order, request?: PlaceOrderRequest): OrderRecord => ({
  at: Date.now(),
  order: OrderMessage.toJSON(order),
  ...(request === undefined ? {} : { request: RequestMessage.toJSON(request) }),
});

export const orderOf = (record: OrderRecord): Order => OrderMessage.fromJSON(record.order);

export const requestOf = (record: OrderRecord): PlaceOrderRequest | undefined =>
  record.request === undefined ? undefined : RequestMessage.fromJSON(record.request);

/** Equal for equal contents: tells a repeated request from another order under a used id. */
export function fingerprintOf(request: PlaceOrderRequest): string {
  const labels = Object.fromEntries(Object.entries(request.labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256')
    .update(RequestMessage.encode({ ...request, labels }).finish())
    .digest('base64');
}

/** How far an order has come; a record that is behind what is known changes nothing. */
export function progressOf({ status, paymentStatus }: Order): number {
  if (status === OrderStatus.PENDING) return 0;
  if (status === OrderStatus.ACCEPTED && paymentStatus === PaymentStatus.DEFERRED) return 1;
  return status === OrderStatus.FULFILLED ? 3 : 2;
}

/** Whether somebody still has to do something for it. */
export const isUnfinished = (order: Order): boolean => progressOf(order) < 2;

/** Whether its status cannot change any more. */
export const isFinal = ({ status }: Order): boolean =>
  status === OrderStatus.REJECTED || status === OrderStatus.FULFILLED;
