import { setTimeout as wait } from 'node:timers/promises';
import { type PaymentsFaults, setFaults } from './clients.js';
import type { PhaseName } from './phases.js';
import type { Child } from './process/child.js';
import type { Shop } from './process/shop.js';

/** Later than an order waits for one attempt, and than it waits in all. */
const SLOW_MS = 1500;
/** The instance that is killed holds its answers back for so long before: it dies with charges made and not told of. */
const HOLD_BACK_MS = 250;
/** How long the registry is away. */
const REGISTRY_DOWN_MS = 700;

/** What is done to the shop in a phase; settles when it is done. */
export type Fault = (shop: Shop, say: (text: string) => void, signal: AbortSignal) => Promise<void>;

/** One fault per phase; phases that are missing here leave the shop alone. */
export const FAULTS: Readonly<Partial<Record<PhaseName, Fault>>> = Object.freeze({
  'kill -9': async (shop, say, signal) => {
    const victim = victimOf(shop);
    const { pid } = victim;
    await setFaults(victim.address, { delayMs: HOLD_BACK_MS });
    await wait(HOLD_BACK_MS, undefined, { signal });
    await victim.kill();
    say(`${victim.name} (pid ${pid}) got SIGKILL`);
  },

  'start again': async (shop, say) => {
    const victim = victimOf(shop);
    await shop.startAgain(victim);
    say(`${victim.name} is back on port ${victim.address.port} (pid ${victim.pid})`);
  },

  slow: async (shop, say) => {
    await toAllPayments(shop, { delayMs: SLOW_MS });
    say(`every payments instance now answers ${SLOW_MS} ms late, after the bank has charged`);
  },

  failing: async (shop, say) => {
    await toAllPayments(shop, { failureRatio: 1, failAfterWork: false });
    // One instance does the work and then fails: the caller cannot tell the difference.
    await setFaults(victimOf(shop).address, { failureRatio: 1, failAfterWork: true });
    say('every payments instance now fails, one of them after the bank has charged');
  },

  recovery: async (shop, say) => {
    await toAllPayments(shop, {});
    say('payments behave again');
  },

  'registry restart': async (shop, say, signal) => {
    if (shop.agent === undefined) return;
    const { agent } = shop;
    await agent.kill();
    say(`the registry (port ${agent.address.port}) got SIGKILL and has lost everything`);
    await wait(REGISTRY_DOWN_MS, undefined, { signal });
    await shop.startAgain(agent);
    say('the registry is back, and empty');
  },

  'rolling restart': async (shop, say, signal) => {
    for (const orders of shop.orders) {
      signal.throwIfAborted();
      const how = await orders.stop();
      say(`${orders.name} stopped in order (${how})`);
      signal.throwIfAborted();
      await orders.start();
      say(`${orders.name} serves again on port ${orders.address.port} (pid ${orders.pid})`);
    }
  },
});

function victimOf(shop: Shop): Child {
  const victim = shop.payments[1];
  if (victim === undefined) throw new Error('the shop has no second payments instance');
  return victim;
}

const toAllPayments = async (shop: Shop, faults: PaymentsFaults): Promise<void> => {
  await Promise.all(shop.payments.map(({ address }) => setFaults(address, faults)));
};
