import { join } from 'node:path';
import { createRuntime, type PolicyEvent, type Runtime } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { inProcessTransport } from '@breakwater/rpc';
import { closeClient, createClient, createService, type Service } from '@breakwater/service';
import { type BankRecord, bankHandlers, ChargeBook } from '@breakwater-examples/shop-bank';
import { Faults, JournalTail } from '@breakwater-examples/shop-common';
import { inventoryHandlers, Warehouse } from '@breakwater-examples/shop-inventory';
import { PaymentBook, paymentsHandlers } from '@breakwater-examples/shop-payments';
import { ordersHandlers } from './handlers.js';
import { OrderBook } from './order-book.js';
import { OrderDesk } from './order-desk.js';
import { Settler } from './settler.js';
import { createSuppliers } from './suppliers.js';

/** One orders instance of a shop that is whole: real suppliers, real journals, no sockets. */
export interface OrdersInstance {
  readonly client: shop.orders.v1.OrdersClient;
  readonly book: OrderBook;
  /** Ends it as a crash would: nothing is finished that was begun. */
  crash(): Promise<void>;
}

/** The shop in one process, for tests. */
export class TestShop {
  readonly faults = new Faults();
  readonly events: PolicyEvent[] = [];
  private readonly transport = inProcessTransport();
  private readonly runtime: Runtime = createRuntime();
  private readonly closing: (() => Promise<unknown>)[] = [];
  private targets = { inventory: '', payments: '' };
  private inventoryService: Service | undefined;

  private constructor(private readonly folder: string) {
    this.runtime.events.subscribe((event) => this.events.push(event));
  }

  static async open(folder: string): Promise<TestShop> {
    const one = new TestShop(folder);
    await one.start();
    return one;
  }

  /** Pieces of "mug" that are free to sell. */
  async available(): Promise<number> {
    const [level] = await this.warehouse().levels(['mug']);
    return (level?.onHand ?? 0) - (level?.reserved ?? 0);
  }

  warehouse: () => Warehouse = () => {
    throw new Error('not started');
  };

  /** Idempotency keys of all charges in the bank's journal, one per charge. */
  async charged(): Promise<readonly string[]> {
    const tail = new JournalTail<BankRecord>(join(this.folder, 'bank.jsonl'));
    try {
      return (await tail.read()).flatMap((record) =>
        record.type === 'charge' && record.status === 'charged' ? [record.idempotencyKey] : [],
      );
    } finally {
      await tail.close();
    }
  }

  /** From now on nobody answers for the inventory. */
  async stopInventory(): Promise<void> {
    await this.inventoryService?.stop();
  }

  /** Starts an orders instance; a name used before takes over what that one left. */
  async orders(instance: string, { settleEveryMs = 20 } = {}): Promise<OrdersInstance> {
    const { transport, runtime } = this;
    const book = await OrderBook.open(this.folder, instance);
    const suppliers = createSuppliers(this.targets, { transport, runtime });
    const desk = new OrderDesk(book, suppliers);
    const settler = new Settler(book, desk, { intervalMs: settleEveryMs, concurrency: 4 });
    const service = createService({ name: 'orders', transport, runtime, signals: false, logger: false }).add(
      shop.orders.v1.OrdersDefinition,
      ordersHandlers(book, desk),
    );
    const { host, port } = await service.start();
    settler.start();
    const client = createClient(shop.orders.v1.OrdersDefinition, `${host}:${port}`, { transport });
    let closed: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await settler.stop();
      await closeClient(client, 0);
      await service.stop();
      await closeClient(suppliers.inventory, 0);
      await closeClient(suppliers.payments, 0);
      await book.close();
    };
    const crash = (): Promise<void> => (closed ??= close());
    this.closing.unshift(crash);
    return { client, book, crash };
  }

  async close(): Promise<void> {
    for (const close of this.closing) await close();
  }

  private async start(): Promise<void> {
    const { transport, folder } = this;
    const warehouse = await Warehouse.open(join(folder, 'stock.jsonl'));
    await warehouse.execute({ type: 'adjust', sku: 'mug', counted: 100 });
    this.warehouse = () => warehouse;
    const charges = await ChargeBook.open(join(folder, 'bank.jsonl'));
    const book = await PaymentBook.open(folder, 'test');
    const serve = async (
      name: string,
      add: (service: Service) => Service,
    ): Promise<{ service: Service; target: string }> => {
      const service = add(createService({ name, transport, runtime: createRuntime(), signals: false, logger: false }));
      const { host, port } = await service.start();
      this.closing.unshift(() => service.stop());
      return { service, target: `${host}:${port}` };
    };
    const { target } = await serve('bank', (service) =>
      service.add(shop.bank.v1.BankDefinition, bankHandlers(charges, { thinkMs: 0 })),
    );
    const bank = createClient(shop.bank.v1.BankDefinition, target, { transport });
    const inventory = await serve('inventory', (service) =>
      service.add(shop.inventory.v1.InventoryDefinition, inventoryHandlers(warehouse)),
    );
    const handlers = paymentsHandlers(bank, book);
    const payments = await serve('payments', (service) =>
      service.add(shop.payments.v1.PaymentsDefinition, {
        ...handlers,
        authorize: this.faults.wrap(handlers.authorize),
      }),
    );
    this.inventoryService = inventory.service;
    this.targets = { inventory: inventory.target, payments: payments.target };
    this.closing.push(
      () => closeClient(bank),
      () => book.close(),
      () => charges.close(),
      () => warehouse.close(),
    );
  }
}
