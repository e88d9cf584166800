/**
 * What is in stock, and for whom it is set aside.
 * `npm start -w examples/shop/inventory -- --port 0 --data FILE`
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shop } from '@breakwater/contracts';
import { createService } from '@breakwater/service';
import {
  parseCommandLine,
  runProcess,
  SERVICE_OPTIONS,
  serveUntilStopped,
  serviceOptions,
  shopRuntime,
} from '@breakwater-examples/shop-common';
import { inventoryHandlers } from './handlers.js';
import { Warehouse } from './warehouse.js';

await runProcess(async () => {
  const options = parseCommandLine(
    'inventory: knows how many pieces of each article there are, and reserves them for orders.',
    {
      ...SERVICE_OPTIONS,
      data: {
        type: 'string',
        about: 'the stock log; instances that share the file share the stock',
        placeholder: 'FILE',
        default: join(tmpdir(), 'breakwater-shop', 'stock.jsonl'),
      },
    },
    process.argv.slice(2),
  );
  const warehouse = await Warehouse.open(options.data);
  const service = createService(serviceOptions('inventory', options, shopRuntime(options)));
  await serveUntilStopped(service.add(shop.inventory.v1.InventoryDefinition, inventoryHandlers(warehouse)));
});
