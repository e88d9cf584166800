/**
 * The payment provider: a system of somebody else, in its own process.
 * `npm start -w examples/shop/bank -- --port 0 --journal FILE`
 */
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { createService } from '@breakwater/service';
import { shop } from '@breakwater/contracts';
import {
  parseCommandLine,
  runProcess,
  SERVICE_OPTIONS,
  serviceOptions,
  serveUntilStopped,
  shopRuntime,
} from '@breakwater-examples/shop-common';
import { ChargeBook } from './charge-book.js';
import { bankHandlers } from './handlers.js';

await runProcess(async () => {
  const options = parseCommandLine(
    'bank: the payment provider of the shop. Journals every charge before it answers.',
    {
      ...SERVICE_OPTIONS,
      journal: {
        type: 'string',
        about: 'the file that charges are written to',
        placeholder: 'FILE',
        default: join(tmpdir(), 'breakwater-shop', 'bank.jsonl'),
      },
      'think-ms': {
        type: 'number',
        about: 'time a charge takes, give or take a fifth',
        default: 150,
        min: 0,
        max: 60_000,
      },
      'no-dedupe': { type: 'boolean', about: 'charge a repeated idempotency key again: shows what goes wrong without' },
    },
    process.argv.slice(2),
  );
  const book = await ChargeBook.open(options.journal, { dedupe: !options['no-dedupe'] });
  const service = createService(serviceOptions('bank', options, shopRuntime(options))).add(
    shop.bank.v1.BankDefinition,
    bankHandlers(book, { thinkMs: options['think-ms'] }),
  );
  await serveUntilStopped(service);
});
