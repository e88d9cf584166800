/**
 * The entrance of the shop: reserves the stock of an order, then has its payment authorized.
 * `npm start -w examples/shop/orders -- --port 0`
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shop } from '@breakwater/contracts';
import { createService } from '@breakwater/service';
import {
  INSTANCE_OPTION,
  parseCommandLine,
  runProcess,
  SERVICE_OPTIONS,
  serveUntilStopped,
  serviceOptions,
  shopRuntime,
} from '@breakwater-examples/shop-common';
import { ordersHandlers } from './handlers.js';
import { OrderBook } from './order-book.js';
import { OrderDesk } from './order-desk.js';
import { Settler } from './settler.js';
import { createSuppliers } from './suppliers.js';

await runProcess(async () => {
  const options = parseCommandLine(
    'orders: takes orders, reserves their stock and has their payment authorized.',
    {
      ...SERVICE_OPTIONS,
      inventory: {
        type: 'string',
        about: 'where the inventory is',
        placeholder: 'TARGET',
        default: 'consul:///inventory',
      },
      payments: { type: 'string', about: 'where payments are', placeholder: 'TARGET', default: 'consul:///payments' },
      data: {
        type: 'string',
        about: 'folder of the order journals; instances that share it know each other’s orders',
        placeholder: 'FOLDER',
        default: join(tmpdir(), 'breakwater-shop'),
      },
      instance: INSTANCE_OPTION,
      'orders-per-second': { type: 'number', about: 'admit no more, 0 for no limit', default: 0, min: 0, max: 100_000 },
      burst: { type: 'number', about: 'orders admitted at once', default: 10, min: 1, max: 100_000, integer: true },
      'settle-every-ms': {
        type: 'number',
        about: 'between two looks at deferred charges',
        default: 500,
        min: 10,
        max: 60_000,
      },
    },
    process.argv.slice(2),
  );
  const shared = shopRuntime(options);
  const book = await OrderBook.open(options.data, options.instance);
  const desk = new OrderDesk(book, createSuppliers(options, shared));
  const perSecond = options['orders-per-second'];
  const service = createService({
    ...serviceOptions('orders', options, shared),
    methods: perSecond === 0 ? {} : { PlaceOrder: { rateLimit: { perSecond, burst: options.burst } } },
  }).add(shop.orders.v1.OrdersDefinition, ordersHandlers(book, desk));
  await serveUntilStopped(service);
  // From here on until the process ends; what it leaves undone is in the journal, and done by the next one.
  new Settler(book, desk, { intervalMs: options['settle-every-ms'], concurrency: 4 }).start();
});
