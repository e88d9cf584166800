import { isIP } from 'node:net';
import type { Runtime, Timer } from '@breakwater/core';
import { Backoff } from '../backoff.js';
import type { BelievingSource } from '../believing-source.js';
import type { Endpoint } from '../endpoint.js';
import { formatAddress } from '../endpoint-set.js';
import type { HostPort } from '../host-port.js';
import type { WatchSource } from '../shared-watches.js';
import { noEndpoints, registryUnavailable } from '../unavailable.js';
import type { ResolveHost } from './resolve-host.js';

/** How a `DnsWatch` asks. */
export interface DnsWatchSettings {
  readonly intervalMs: number;
  readonly minIntervalMs: number;
  readonly timeoutMs: number;
  readonly resolve: ResolveHost;
  readonly runtime: Runtime;
}

/** Asks DNS for one name again and again. One question at a time; a late answer to a question given up on is ignored. */
export class DnsWatch implements WatchSource {
  private readonly backoff: Backoff;
  private timer: Timer | undefined;
  private nextAskAt = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
  /** Number of the question whose answer counts; undefined between questions. */
  private asking: number | undefined;
  private questions = 0;
  private told = false;
  private closed = false;

  constructor(
    private readonly address: HostPort,
    private readonly server: string | undefined,
    private readonly believing: BelievingSource,
    private readonly settings: DnsWatchSettings,
  ) {
    const { intervalMs, runtime } = settings;
    this.backoff = new Backoff({ initialMs: Math.min(1_000, intervalMs), maxMs: intervalMs }, runtime.random);
    if (isIP(address.host) !== 0) this.believe([address.host]);
    else this.ask();
  }

  refresh(): void {
    if (this.closed || this.asking !== undefined || this.timer === undefined) return;
    const { minIntervalMs, runtime } = this.settings;
    const soonest = Math.max(runtime.clock.now(), this.askedAt + minIntervalMs);
    if (soonest < this.nextAskAt) this.askIn(soonest - runtime.clock.now());
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.believing.close();
  }

  private ask(): void {
    const { resolve, runtime, timeoutMs } = this.settings;
    const question = ++this.questions;
    this.asking = question;
    this.askedAt = runtime.clock.now();
    this.timer?.cancel();
    this.timer = runtime.clock.setTimer(timeoutMs, () =>
      this.settle(question, () => this.failed(new Error(`no answer in ${timeoutMs} ms`))),
    );
    // Not from within the constructor: the caller has nothing to receive an answer with yet.
    Promise.resolve()
      .then(() => resolve(this.address.host, this.server))
      .then(
        (addresses) => this.settle(question, () => this.answered(addresses)),
        (error: unknown) => this.settle(question, () => this.failed(error)),
      );
  }

  private settle(question: number, act: () => void): void {
    if (this.closed || this.asking !== question) return;
    this.asking = undefined;
    this.timer?.cancel();
    act();
  }

  private answered(addresses: readonly string[]): void {
    const { intervalMs, runtime } = this.settings;
    this.backoff.reset();
    this.told = true;
    // Scheduled first: what a listener does with the answer must not be able to stop the questions.
    this.askIn(intervalMs * (0.9 + 0.2 * runtime.random.next()));
    this.believe(addresses);
  }

  private failed(error: unknown): void {
    const code = (error as { code?: unknown } | undefined)?.code;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return this.answered([]);
    const delayMs = this.backoff.next();
    this.told = true;
    this.askIn(delayMs);
    const reason = error instanceof Error ? error.message : String(error);
    this.believing.failure(
      registryUnavailable(
        `${this.describe()} cannot be asked for ${JSON.stringify(this.address.host)}: ${reason}; asking again in ${delayMs} ms`,
        error,
      ),
    );
  }

  private askIn(delayMs: number): void {
    const { clock } = this.settings.runtime;
    this.timer?.cancel();
    this.nextAskAt = clock.now() + delayMs;
    // Until something was told somebody may wait for it; afterwards asking again is housekeeping.
    this.timer = clock.setTimer(delayMs, () => this.ask(), { ref: !this.told });
  }

  private believe(addresses: readonly string[]): void {
    const { port } = this.address;
    const endpoints = [...new Set(addresses)].map((host): Endpoint => {
      const id = formatAddress(host, port);
      return { id, host, port, health: 'passing', weight: 1, tags: [], meta: {}, generation: '' };
    });
    this.believing.answer(
      endpoints,
      noEndpoints(`${this.describe()} knows no address of ${JSON.stringify(this.address.host)}`),
    );
  }

  private describe(): string {
    return this.server === undefined ? 'DNS' : `DNS at ${this.server}`;
  }
}
