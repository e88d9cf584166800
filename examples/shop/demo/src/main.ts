/**
 * `npm run demo [-- --duration S] [--json] [--keep]`: the shop under load, while things break.
 * Exit code 0 when it survived as it should, 1 with a line per broken promise otherwise, 130 after Ctrl-C.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '@breakwater-examples/shop-common';
import { Demo, type DemoResult } from './demo.js';
import { type DemoOptions, parseDemoOptions } from './options.js';
import { jsonReport } from './report.js';
import { phaseTable } from './view/table.js';
import { createView } from './view/view.js';

const INTERRUPTED = 130;

// Above the top-level await: what is declared below it does not exist yet while it runs.
const AN_ORDER = {
  orderId: 'mine-1',
  customerId: 'me',
  lines: [{ sku: 'mug', quantity: 1, unitPrice: { minorUnits: '1250', currencyCode: 'EUR' } }],
  paymentMethod: { cardToken: 'card-1' },
};

await runProcess(async () => {
  const options = parseDemoOptions(process.argv.slice(2), process.env);
  const interruption = interruptible();
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-demo-'));
  const view = createView(process.stdout, () => performance.now());
  const demo = new Demo(options, folder, view, interruption.signal);
  let keepFolder = false;
  try {
    const result = await demo.run();
    show(result, options);
    process.exitCode = result.violations.length === 0 ? 0 : 1;
    keepFolder = result.violations.length > 0;
    if (options.keep) await stayUp(demo, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) {
      keepFolder = true;
      throw error;
    }
    console.error('interrupted; closing the shop ...');
    process.exitCode = INTERRUPTED;
  } finally {
    await demo.close();
    if (keepFolder) console.error(`journals and logs are kept in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
    interruption.end();
  }
});

function show({ registry, summaries, tally, audit, violations }: DemoResult, options: DemoOptions): void {
  const { breaker } = tally;
  const say = (text: string): void => console.log(text);
  say(`\n${phaseTable(summaries).join('\n')}\n`);
  say(`circuit breakers: opened ${breaker.opened} times, half-opened ${breaker.halfOpened}, closed ${breaker.closed}`);
  for (const violation of violations) say(`VIOLATED  ${violation}`);
  if (violations.length === 0)
    say('every expectation was met: exactly one charge per accepted order, none for a rejected one, none lost');
  if (options.json) {
    const ok = violations.length === 0;
    const name = options.consul === undefined ? 'embedded' : registry;
    say(JSON.stringify(jsonReport({ registry: name, summaries, breaker, audit, ok })));
  }
}

async function stayUp({ shop }: Demo, signal: AbortSignal): Promise<void> {
  const hints = [
    'the shop stays open until Ctrl-C. In another terminal:',
    `  export CONSUL_HTTP_ADDR=${shop.registryAddress}`,
    '  npx breakwater services',
    `  npx breakwater call '${shop.target('inventory')}' shop.inventory.v1.Inventory/GetStock -d '{}'`,
    `  npx breakwater call '${shop.target('payments')}' shop.payments.v1.Payments/ListPayments -d '{"limit": 3}'`,
    `  npx breakwater call '${shop.target('orders')}' shop.orders.v1.Orders/PlaceOrder -d '${JSON.stringify(AN_ORDER)}'`,
    ...shop.payments.map(
      ({ name, address }) =>
        `  npx breakwater call ${address.host}:${address.port} shop.faults.v1.Faults/SetFaults -d '{"behaviour": {"delay": "0.3s"}}'   # ${name}`,
    ),
  ];
  console.error(hints.join('\n'));
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process at once, and with it all others. */
function interruptible(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    end: () => {
      process.removeListener('SIGINT', onSignal);
      process.removeListener('SIGTERM', onSignal);
    },
  };
}
