import { setTimeout as wait } from 'node:timers/promises';
import { type AuditReport, audit } from './audit/auditor.js';
import { readBooks, unfinishedIn } from './audit/books.js';
import { createClients, type DemoClients } from './clients.js';
import { FAULTS } from './faults.js';
import { countPayments, followUntilPaid, importBatch, stockWarehouse } from './load/companions.js';
import { Ledger } from './load/ledger.js';
import { LoadGenerator } from './load/load-generator.js';
import { OrderFactory } from './load/order-factory.js';
import { type PhaseSummary, summarize } from './measure/phase-summary.js';
import { PolicyTally } from './measure/policy-tally.js';
import type { DemoOptions } from './options.js';
import { type Phase, PHASES } from './phases.js';
import { Shop } from './process/shop.js';
import { violations } from './verdict.js';
import { BreakerStory } from './view/breaker-story.js';
import { phaseTable } from './view/table.js';
import type { View } from './view/view.js';
import type { PolicyReport } from '@breakwater-examples/shop-common';

const WARM_UP = 'warm-up';
const WARM_UP_MS = 1500;
const SETTLE = 'settle';
const SETTLE_LIMIT_MS = 20_000;
const STATUS_EVERY_MS = 250;
const CALM_MS = 500;
const IMPORT_SIZE = 10;

/** What came of a run. */
export interface DemoResult {
  readonly registry: string;
  readonly summaries: readonly PhaseSummary[];
  readonly tally: PolicyTally;
  readonly audit: AuditReport;
  /** A line per promise that was not kept; empty when the shop survived as it should. */
  readonly violations: readonly string[];
}

/** One run of the demo: starts the shop, drives load through the fault timeline, settles and audits. */
export class Demo {
  readonly shop: Shop;
  private readonly ledger = new Ledger();
  private readonly tally = new PolicyTally();
  private readonly breakers = new BreakerStory();
  private readonly factory: OrderFactory;
  private readonly unexpectedExits: string[] = [];
  private readonly done: Phase[] = [];
  private phase: string = WARM_UP;

  /** @param signal ends the run; the processes are ended by `close` */
  constructor(
    private readonly options: DemoOptions,
    folder: string,
    private readonly view: View,
    private readonly signal: AbortSignal,
  ) {
    const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
    this.factory = new OrderFactory({ run });
    this.shop = new Shop({
      folder,
      dedupe: options.dedupe,
      consul: options.consul,
      tag: options.consul === undefined ? undefined : `demo-${run}`,
      // Half more than the steady load: one instance alone must carry it while the other restarts.
      admit: { perSecond: options.rate * 1.5, burst: Math.ceil(options.rate / 3) },
      onPolicyEvent: (from, event) => this.onPolicyEvent(from, event),
      onUnexpectedExit: (name, how) => {
        this.unexpectedExits.push(`${name} (${how})`);
        view.event(`${name} ended by itself: ${how}`);
      },
    });
  }

  /** @throws the abort reason of `signal`; Error when a process does not start */
  async run(): Promise<DemoResult> {
    const { view, shop } = this;
    view.event('starting the bank, 2 orders, 3 payments and 2 inventory instances ...');
    await this.unlessAborted(shop.start());
    view.event(`the shop is open; its registry: ${this.registry}`);
    const clients = createClients(shop, (event) => this.onPolicyEvent('customers', event));
    const load = new LoadGenerator({ orders: clients.orders, factory: this.factory, ledger: this.ledger });
    const status = setInterval(() => view.status(phaseTable(this.summaries(true))), STATUS_EVERY_MS);
    try {
      await this.unlessAborted(this.timeline(clients, load));
      await this.unlessAborted(this.settle());
      return await this.unlessAborted(this.conclude(clients));
    } finally {
      clearInterval(status);
      view.close();
      await load.stop();
      await clients.close();
    }
  }

  /** Ends every process. */
  close(): Promise<void> {
    return this.shop.close();
  }

  get registry(): string {
    return this.options.consul ?? `embedded agent at ${this.shop.registryAddress}`;
  }

  private async timeline(clients: DemoClients, load: LoadGenerator): Promise<void> {
    const { durationMs, rate } = this.options;
    const stocked = await stockWarehouse(clients.inventory);
    this.view.event(`a stocktake of ${stocked.size} articles came in over a bidirectional stream`);
    // Connections, compiled code and caches first: the steady phase is what everything else is compared with.
    load.setPace(WARM_UP, rate);
    await this.pause(WARM_UP_MS);
    for (const phase of PHASES) {
      if (phase.name === 'registry restart' && this.shop.agent === undefined) {
        this.view.event('registry restart: left out, the Consul agent is not ours to restart');
        continue;
      }
      this.phase = phase.name;
      this.done.push(phase);
      this.view.event(`── ${phase.name}: ${phase.title}`);
      load.setPace(phase.name, rate * phase.load);
      // A phase lasts at least until what is done in it is done.
      await Promise.all([this.pause(durationMs * phase.share), this.disturb(phase), this.accompany(phase, clients)]);
      if (phase.load > 1) {
        // The end of a crowd is still its doing: the limits fill up again before the next phase is judged.
        load.setPace(phase.name, rate);
        await this.pause(CALM_MS);
      }
    }
    await load.stop();
  }

  private async disturb({ name }: Phase): Promise<void> {
    await FAULTS[name]?.(this.shop, (text) => this.view.event(text), this.signal);
  }

  /** What else goes on in a shop, over the other kinds of calls. */
  private async accompany({ name }: Phase, { orders }: DemoClients): Promise<void> {
    if (name === 'steady') {
      const accepted = await importBatch(orders, this.factory, this.ledger, 'import', IMPORT_SIZE);
      this.view.event(`${accepted} of ${IMPORT_SIZE} orders of a partner were accepted from a client stream`);
    }
    if (name === 'recovery') {
      const deferred = this.ledger.entries.findLast(({ answer }) => answer.told === 'deferred');
      if (deferred === undefined) return;
      const limit = AbortSignal.any([this.signal, AbortSignal.timeout(SETTLE_LIMIT_MS)]);
      const paidMs = await followUntilPaid(orders, deferred.orderId, limit);
      if (paidMs !== undefined)
        this.view.event(`order ${deferred.orderId}, accepted without payment, is paid (heard over a server stream)`);
    }
  }

  /** Waits until the shop has made the charges that it deferred. */
  private async settle(): Promise<void> {
    this.phase = SETTLE;
    const until = performance.now() + SETTLE_LIMIT_MS;
    for (;;) {
      const open = unfinishedIn(await this.books());
      if (open === 0) return this.view.event('every deferred order is settled');
      if (performance.now() > until)
        return this.view.event(`${open} orders are still not settled after ${SETTLE_LIMIT_MS} ms`);
      await this.pause(200);
    }
  }

  private async conclude({ payments }: DemoClients): Promise<DemoResult> {
    const listed = await countPayments(payments);
    const report = audit(this.ledger.entries, await this.books());
    this.view.event(
      `audit: ${report.accepted} orders accepted (${report.declinedLater} of them declined when they were charged later), ${report.turnedDown} turned down; ${report.charges} charges at the bank; the shop lists ${listed} payments and declines`,
    );
    const summaries = this.summaries(false);
    const { breaker } = this.tally;
    const { unexpectedExits } = this;
    return {
      registry: this.registry,
      summaries,
      tally: this.tally,
      audit: report,
      violations: violations({ summaries, breaker, audit: report, unexpectedExits }),
    };
  }

  private books(): ReturnType<typeof readBooks> {
    return readBooks(this.shop.bankJournal, this.shop.dataFolder);
  }

  private summaries(begunOnly: boolean): readonly PhaseSummary[] {
    return this.done
      .map(({ name }) => summarize(name, this.ledger.ofPhase(name), this.tally.of(name)))
      .filter(({ calls }) => !begunOnly || calls > 0);
  }

  private onPolicyEvent(from: string, event: PolicyReport): void {
    this.tally.record(this.phase, event);
    const told = this.breakers.tell(from, event);
    if (told !== undefined) this.view.event(told);
  }

  private async pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.signal });
  }

  /** `work`, or the abort reason as soon as the run is ended from outside. */
  private async unlessAborted<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort);
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      // When the race is lost the work is abandoned; its own end interests nobody any more.
      work.catch(() => undefined);
    }
  }
}
