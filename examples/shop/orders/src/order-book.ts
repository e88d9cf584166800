import type { shop } from '@breakwater/contracts';
import { SharedJournal } from '@breakwater-examples/shop-common';
import {
  fingerprintOf,
  isUnfinished,
  type OrderEntry,
  type OrderRecord,
  orderOf,
  progressOf,
  requestOf,
  toRecord,
} from './order-record.js';

type Order = shop.orders.v1.Order;
type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;
type Listener = (entry: OrderEntry) => void;

/** While somebody watches orders, the journals of the other instances are read this often. */
const WATCH_POLL_MS = 200;

/**
 * All orders that the instances of this service know. Each instance journals what it does; it reads the others' journals
 * when it is asked for an order it has not heard of, so that a client may repeat a request to any of them.
 */
export class OrderBook {
  private readonly entries = new Map<string, OrderEntry>();
  /** Ids of orders that are not at an end, so that finding them does not mean looking at all. */
  private readonly unfinishedIds = new Set<string>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private journal: SharedJournal<OrderRecord> | undefined;
  private poll: NodeJS.Timeout | undefined;

  /** @param folder shared by the instances @param instance unique in it */
  static async open(folder: string, instance: string): Promise<OrderBook> {
    const book = new OrderBook();
    book.journal = await SharedJournal.open<OrderRecord>({
      folder,
      instance,
      kind: 'orders',
      apply: (record, own) => book.apply(record, own),
    });
    return book;
  }

  /** The order, whichever instance wrote of it; as fresh as the others' journals when it is unknown or unfinished here. */
  async find(orderId: string): Promise<OrderEntry | undefined> {
    const known = this.entries.get(orderId);
    if (known !== undefined && !isUnfinished(known.order)) return known;
    await this.journal?.refresh();
    return this.entries.get(orderId);
  }

  /** Settles when the order's new state is on the disk. @param request with the first state */
  async put(order: Order, request?: PlaceOrderRequest): Promise<void> {
    await this.journal?.append(toRecord(order, request));
  }

  /** Orders that this instance has to bring to an end, oldest first. */
  unfinished(): readonly OrderEntry[] {
    return [...this.unfinishedIds].flatMap((id) => {
      const entry = this.entries.get(id);
      return entry?.own === true ? [entry] : [];
    });
  }

  /** Tells of every change of one order, also when another instance makes it. @returns a function that ends it */
  subscribe(orderId: string, listener: Listener): () => void {
    const listeners = this.listeners.get(orderId) ?? new Set();
    this.listeners.set(orderId, listeners.add(listener));
    this.poll ??= setInterval(() => void this.journal?.refresh().catch(() => undefined), WATCH_POLL_MS);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(orderId);
      if (this.listeners.size > 0) return;
      clearInterval(this.poll);
      this.poll = undefined;
    };
  }

  async close(): Promise<void> {
    clearInterval(this.poll);
    await this.journal?.close();
  }

  private apply(record: OrderRecord, own: boolean): void {
    const order = orderOf(record);
    const before = this.entries.get(order.orderId);
    const request = requestOf(record) ?? before?.request;
    // Only a damaged journal has a state without the request that began it.
    if (request === undefined) return;
    const stale = before !== undefined && progressOf(order) < progressOf(before.order);
    const changed = !stale && (before === undefined || differs(before.order, order));
    const entry: OrderEntry = {
      order: stale ? before.order : order,
      request,
      fingerprint: before?.fingerprint ?? fingerprintOf(request),
      sequence: (before?.sequence ?? 0) + (changed ? 1 : 0),
      own: own || before?.own === true,
    };
    this.entries.set(order.orderId, entry);
    if (isUnfinished(entry.order)) this.unfinishedIds.add(order.orderId);
    else this.unfinishedIds.delete(order.orderId);
    if (changed) for (const listener of this.listeners.get(order.orderId) ?? []) listener(entry);
  }
}

const differs = (a: Order, b: Order): boolean => a.status !== b.status || a.paymentStatus !== b.paymentStatus;
