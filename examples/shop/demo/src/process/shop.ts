import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyReport } from '@breakwater-examples/shop-common';
import { Child } from './child.js';

export interface ShopOptions {
  /** Journals and logs of all processes. */
  readonly folder: string;
  readonly dedupe: boolean;
  /** A real Consul agent; undefined: the embedded one. */
  readonly consul: string | undefined;
  /** Set apart from other shops in the same Consul by this tag; undefined: no tag. */
  readonly tag: string | undefined;
  /** Orders per second that one orders instance admits, and at once. */
  readonly admit: { readonly perSecond: number; readonly burst: number };
  readonly onPolicyEvent: (from: string, event: PolicyReport) => void;
  readonly onUnexpectedExit: (name: string, how: string) => void;
}

const MAINS = {
  bank: import.meta.resolve('@breakwater-examples/shop-bank/main'),
  inventory: import.meta.resolve('@breakwater-examples/shop-inventory/main'),
  payments: import.meta.resolve('@breakwater-examples/shop-payments/main'),
  orders: import.meta.resolve('@breakwater-examples/shop-orders/main'),
} as const;

const INSTANCES = { orders: 2, payments: 3, inventory: 2 } as const;

/**
 * How long a silent instance stays in the registry. Short, as the phases are; clients leave a dead instance alone long
 * before that, by what they see of it.
 */
const HEARTBEAT_TTL_MS = 3000;
const PROPAGATION_WAIT_MS = 300;

/** All processes of the shop. */
export class Shop {
  readonly agent: Child | undefined;
  readonly bank: Child;
  readonly orders: readonly Child[];
  readonly payments: readonly Child[];
  readonly inventory: readonly Child[];
  private consulAddress: string | undefined;

  constructor(private readonly options: ShopOptions) {
    const { folder, dedupe, tag } = options;
    mkdirSync(join(folder, 'logs'), { recursive: true });
    mkdirSync(this.dataFolder, { recursive: true });
    const target = (service: string): string => this.target(service);
    this.agent =
      options.consul === undefined ? this.child('agent', new URL('./agent-main.js', import.meta.url), []) : undefined;
    const service = (kind: keyof typeof MAINS, name: string, args: readonly string[]): Child =>
      this.child(name, new URL(MAINS[kind]), [
        ...['--heartbeat-ttl-ms', String(HEARTBEAT_TTL_MS), '--propagation-wait-ms', String(PROPAGATION_WAIT_MS)],
        ...(tag === undefined ? [] : ['--tag', tag]),
        ...args,
      ]);
    const several = (kind: keyof typeof INSTANCES, args: (name: string) => readonly string[]): readonly Child[] =>
      Array.from({ length: INSTANCES[kind] }, (_, index) => `${kind}-${index + 1}`).map((name) =>
        service(kind, name, args(name)),
      );

    this.bank = service('bank', 'bank', ['--journal', this.bankJournal, ...(dedupe ? [] : ['--no-dedupe'])]);
    this.inventory = several('inventory', () => ['--data', join(this.dataFolder, 'stock.jsonl')]);
    this.payments = several('payments', (name) => [
      '--bank',
      target('bank'),
      '--data',
      this.dataFolder,
      '--instance',
      name,
      '--allow-faults',
    ]);
    this.orders = several('orders', (name) => [
      ...[
        '--inventory',
        target('inventory'),
        '--payments',
        target('payments'),
        '--data',
        this.dataFolder,
        '--instance',
        name,
      ],
      ...['--orders-per-second', String(options.admit.perSecond), '--burst', String(options.admit.burst)],
    ]);
  }

  get dataFolder(): string {
    return join(this.options.folder, 'data');
  }

  get bankJournal(): string {
    return join(this.dataFolder, 'bank.jsonl');
  }

  /** `host:port` or URL of the registry. @throws Error before `start` */
  get registryAddress(): string {
    if (this.consulAddress === undefined) throw new Error('the registry has not been started');
    return this.consulAddress;
  }

  /** What is called to reach a service of this shop. */
  target(service: string): string {
    return `consul:///${service}${this.options.tag === undefined ? '' : `?tag=${this.options.tag}`}`;
  }

  /** Every process that is to run, in the order of their start. */
  get all(): readonly Child[] {
    return [
      ...(this.agent === undefined ? [] : [this.agent]),
      this.bank,
      ...this.inventory,
      ...this.payments,
      ...this.orders,
    ];
  }

  /** Starts everything, those that others need first. @throws Error naming the process that did not start */
  async start(): Promise<void> {
    if (this.agent !== undefined) {
      const { host, port } = await this.agent.start();
      this.consulAddress = `${host}:${port}`;
    } else {
      this.consulAddress = this.options.consul;
    }
    for (const tier of [[this.bank, ...this.inventory], this.payments, this.orders])
      await Promise.all(tier.map((child) => child.start()));
  }

  /** Ends everything for good in the reverse order, each in its own orderly way. Settles when all are gone. */
  async close(): Promise<void> {
    const tiers = [
      this.orders,
      this.payments,
      [...this.inventory, this.bank],
      this.agent === undefined ? [] : [this.agent],
    ];
    for (const tier of tiers) await Promise.all(tier.map((child) => child.close()));
  }

  /** Starts an instance again on the port that it had. */
  async startAgain(child: Child): Promise<void> {
    await child.start(['--port', String(child.address.port)]);
  }

  private child(name: string, script: URL, args: readonly string[]): Child {
    const { folder, onPolicyEvent, onUnexpectedExit } = this.options;
    const shop = this;
    return new Child({
      name,
      script,
      args,
      logFile: join(folder, 'logs', `${name}.log`),
      get env() {
        return name === 'agent' ? process.env : { ...process.env, CONSUL_HTTP_ADDR: shop.registryAddress };
      },
      onPolicyEvent: (event) => onPolicyEvent(name, event),
      onUnexpectedExit,
    });
  }
}
