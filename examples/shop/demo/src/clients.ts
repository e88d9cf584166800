import { createRuntime } from '@breakwater/core';
import { consul } from '@breakwater/consul';
import { shop } from '@breakwater/contracts';
import { closeClient, createClient } from '@breakwater/service';
import { durationOf, type PolicyReport, reportOf } from '@breakwater-examples/shop-common';
import type { Shop } from './process/shop.js';

export interface DemoClients {
  readonly orders: shop.orders.v1.OrdersClient;
  readonly payments: shop.payments.v1.PaymentsClient;
  readonly inventory: shop.inventory.v1.InventoryClient;
  close(): Promise<void>;
}

/** The clients of the demo: what any program would write to reach the shop through its registry. */
export function createClients(running: Shop, onPolicyEvent: (event: PolicyReport) => void): DemoClients {
  const registry = consul({ address: running.registryAddress });
  const runtime = createRuntime();
  const stopListening = runtime.events.subscribe((event) => onPolicyEvent(reportOf(event)));
  const options = { registry, runtime };
  const orders = createClient(shop.orders.v1.OrdersDefinition, running.target('orders'), options);
  const payments = createClient(shop.payments.v1.PaymentsDefinition, running.target('payments'), options);
  const inventory = createClient(shop.inventory.v1.InventoryDefinition, running.target('inventory'), options);
  return {
    orders,
    payments,
    inventory,
    close: async () => {
      stopListening();
      await Promise.all([orders, payments, inventory].map((client) => closeClient(client, 1000)));
      await registry.close();
    },
  };
}

/** What every payments instance does to its calls; nothing set: it behaves. */
export interface PaymentsFaults {
  readonly delayMs?: number;
  readonly failureRatio?: number;
  readonly failAfterWork?: boolean;
}

/** Has one payments instance misbehave, or behave again. Not found by name: each instance is told by itself. */
export async function setFaults(
  address: { readonly host: string; readonly port: number },
  faults: PaymentsFaults,
): Promise<void> {
  const client = createClient(shop.faults.v1.FaultsDefinition, `${address.host}:${address.port}`);
  const { delayMs, failureRatio = 0, failAfterWork = false } = faults;
  try {
    await client.setFaults({
      behaviour: { delay: delayMs === undefined ? undefined : durationOf(delayMs), failureRatio, failAfterWork },
    });
  } finally {
    await closeClient(client);
  }
}
