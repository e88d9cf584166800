import type { shop } from '@breakwater/contracts';
import { type Ledger, totalOf } from './ledger.js';
import type { OrderFactory } from './order-factory.js';
import { readError, readOrder } from './told.js';

type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;

export interface LoadOptions {
  readonly orders: Pick<shop.orders.v1.OrdersClient, 'placeOrder'>;
  readonly factory: OrderFactory;
  readonly ledger: Ledger;
  /** Monotonic ms; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Places orders at a steady rate whether or not earlier ones have been answered, as customers do (an open loop): a shop
 * that stalls does not slow its load down. Latency counts from the instant an order was due.
 */
export class LoadGenerator {
  private readonly inFlight = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private pace: { readonly phase: string; readonly intervalMs: number } | undefined;
  private dueAt = 0;
  private readonly now: () => number;

  constructor(private readonly options: LoadOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /** From now on `perSecond` orders, accounted to `phase`. */
  setPace(phase: string, perSecond: number): void {
    const now = this.now();
    this.pace = { phase, intervalMs: 1000 / perSecond };
    this.dueAt = Math.max(now, Math.min(this.dueAt, now + this.pace.intervalMs));
    this.schedule();
  }

  /** No further orders; settles when the ones in flight have been answered. */
  async stop(): Promise<void> {
    this.pace = undefined;
    clearTimeout(this.timer);
    await Promise.all(this.inFlight);
  }

  get answersAwaited(): number {
    return this.inFlight.size;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.placeDue(), Math.max(0, this.dueAt - this.now()));
  }

  private placeDue(): void {
    const now = this.now();
    while (this.pace !== undefined && this.dueAt <= now) {
      const placed = this.place(this.options.factory.next(), this.pace.phase, this.dueAt);
      this.inFlight.add(placed);
      void placed.finally(() => this.inFlight.delete(placed));
      this.dueAt += this.pace.intervalMs;
    }
    if (this.pace !== undefined) this.schedule();
  }

  private async place(request: PlaceOrderRequest, phase: string, dueAt: number): Promise<void> {
    const { orders, ledger } = this.options;
    const answer = await orders.placeOrder(request).then(({ order }) => readOrder(order), readError);
    const latencyMs = this.now() - dueAt;
    ledger.add({ orderId: request.orderId, phase, minorUnits: totalOf(request), latencyMs, answer });
  }
}
