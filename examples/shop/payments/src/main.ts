/**
 * Moves the shop's money: the only part that speaks to the bank.
 * `npm start -w examples/shop/payments -- --port 0`
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shop } from '@breakwater/contracts';
import { createClient, createService } from '@breakwater/service';
import {
  Faults,
  INSTANCE_OPTION,
  parseCommandLine,
  runProcess,
  SERVICE_OPTIONS,
  serveUntilStopped,
  serviceOptions,
  shopRuntime,
} from '@breakwater-examples/shop-common';
import { paymentsHandlers } from './handlers.js';
import { PaymentBook } from './payment-book.js';

await runProcess(async () => {
  const options = parseCommandLine(
    'payments: has the bank charge and refund, exactly once per idempotency key.',
    {
      ...SERVICE_OPTIONS,
      bank: { type: 'string', about: 'where the bank is', placeholder: 'TARGET', default: 'consul:///bank' },
      data: {
        type: 'string',
        about: 'folder of the payment lists; instances that share it list each other’s payments',
        placeholder: 'FOLDER',
        default: join(tmpdir(), 'breakwater-shop'),
      },
      instance: INSTANCE_OPTION,
      'allow-faults': { type: 'boolean', about: 'serve shop.faults.v1.Faults, which makes this instance misbehave' },
    },
    process.argv.slice(2),
  );
  const shared = shopRuntime(options);
  const bank = createClient(shop.bank.v1.BankDefinition, options.bank, {
    ...shared,
    policies: { deadline: { timeoutMs: 3000 } },
  });
  const book = await PaymentBook.open(options.data, options.instance);
  const faults = new Faults();
  const handlers = paymentsHandlers(bank, book);
  const service = createService(serviceOptions('payments', options, shared)).add(shop.payments.v1.PaymentsDefinition, {
    ...handlers,
    authorize: faults.wrap(handlers.authorize),
  });
  if (options['allow-faults']) service.add(shop.faults.v1.FaultsDefinition, faults.handlers);
  await serveUntilStopped(service);
});
