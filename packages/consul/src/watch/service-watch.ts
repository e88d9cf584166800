import { nearest, type Runtime, type Timer } from '@breakwater/core';
import {
  Backoff,
  noEndpoints,
  registryUnavailable,
  sameEndpoints,
  type BelievingSource,
  type Endpoint,
  type WatchSource,
} from '@breakwater/discovery';
import type { ConsulSender, PendingAnswer } from '../client/consul-client.js';
import { describeFailure } from '../client/describe-failure.js';
import { BlockingIndex } from './blocking-index.js';
import { toEndpoints } from './health-entries.js';
import { DEFAULT_PACE, LoopPacer } from './loop-pacer.js';
import { readService, toServiceRead, type ServiceRead } from './read-service.js';
import { describeQuery, type Consistency, type ServiceQuery } from './service-query.js';

/** How a `ServiceWatch` reads. */
export interface ServiceWatchSettings {
  readonly consistency: Consistency;
  readonly maxStalenessMs: number;
  readonly waitMs: number;
  readonly requestTimeoutMs: number;
  readonly backoff: { readonly initialMs: number; readonly maxMs: number };
  readonly runtime: Runtime;
  /** Names of the services there are, for hints; may reject. */
  readonly serviceNames: () => Promise<readonly string[]>;
  /** Told of every failed read: others that depend on the agent may want to look. */
  readonly onFailure: () => void;
}

/**
 * Watches one service with blocking queries over plain reads. Ends only by `close`: whatever an agent does is either
 * news, or no news, or a failure that is told and followed by a paced retry.
 */
export class ServiceWatch implements WatchSource {
  private readonly index = new BlockingIndex();
  private readonly pacer: LoopPacer;
  private readonly backoff: Backoff;
  private readonly name: string;
  private consistency: Consistency;
  private answered = false;
  /** Whether anything was published, be it a failure: until then somebody may wait for it. */
  private told = false;
  private last: readonly Endpoint[] = [];
  private pending: PendingAnswer | undefined;
  private pause: { readonly timer: Timer; readonly wake: () => void } | undefined;
  private closed = false;

  constructor(
    private readonly client: ConsulSender,
    private readonly query: ServiceQuery,
    private readonly believing: BelievingSource,
    private readonly settings: ServiceWatchSettings,
  ) {
    const { backoff, consistency, runtime } = settings;
    this.name = `Consul at ${client.address.text}`;
    this.consistency = consistency;
    this.pacer = new LoopPacer(DEFAULT_PACE, runtime.clock.now());
    this.backoff = new Backoff(backoff, runtime.random);
    // Never rejects: every failure ends up in `failed`.
    void this.run();
  }

  close(): void {
    this.closed = true;
    this.believing.close();
    this.pending?.cancel();
    this.pause?.timer.cancel();
    this.pause?.wake();
  }

  private async run(): Promise<void> {
    const { clock } = this.settings.runtime;
    while (!this.closed) {
      await this.sleep(this.pacer.reserve(clock.now()));
      if (this.closed) return;
      try {
        await this.readOnce();
      } catch (error) {
        if (this.closed) return;
        await this.sleep(this.failed(error));
      }
    }
  }

  private async readOnce(): Promise<void> {
    const read = await this.read(this.consistency, this.index.next);
    if (this.closed) return;
    if (this.consistency === 'stale' && read.lastContactMs > this.settings.maxStalenessMs)
      return this.readFromLeader(read);
    if (!this.index.accept(read.index)) return this.pacer.read(false);
    this.consistency = this.settings.consistency;
    await this.believe(read);
  }

  /** The answering server has lost touch with the leader: ask the leader, and believe the old answer only for want of any. */
  private async readFromLeader(stale: ServiceRead): Promise<void> {
    try {
      const read = await this.read('default', undefined);
      if (this.closed) return;
      this.index.forget();
      this.index.accept(read.index);
      // The server that lags would block on an index it has not reached: the next read stays with the leader.
      this.consistency = 'default';
      await this.believe(read);
    } catch (error) {
      if (!this.answered && !this.closed) {
        const why = `its answer is ${Math.round(stale.lastContactMs)} ms behind the leader, who cannot be asked`;
        await this.believe(stale, why);
      }
      throw error;
    }
  }

  private async read(consistency: Consistency, index: number | undefined): Promise<ServiceRead> {
    const { waitMs, requestTimeoutMs: timeoutMs } = this.settings;
    // Later reads are housekeeping.
    const pending = readService(this.client, this.query, {
      consistency,
      index,
      waitMs,
      timeoutMs,
      background: this.told,
    });
    this.pending = pending;
    try {
      return toServiceRead(await pending.answer);
    } finally {
      this.pending = undefined;
    }
  }

  private async believe(read: ServiceRead, staleBecause?: string): Promise<void> {
    const endpoints = toEndpoints(read.body, this.query.passingOnly);
    const whyEmpty = await this.whyEmpty(read, endpoints.length);
    if (this.closed) return;
    this.pacer.read(!this.answered || !sameEndpoints(this.last, endpoints));
    this.backoff.reset();
    this.answered = true;
    this.told = true;
    this.last = endpoints;
    this.believing.answer(
      endpoints,
      noEndpoints(whyEmpty),
      staleBecause === undefined ? undefined : registryUnavailable(`${this.name}: ${staleBecause}`),
    );
  }

  /** @returns ms to wait before the next try */
  private failed(error: unknown): number {
    this.index.forget();
    this.consistency = this.settings.consistency;
    const failure = describeFailure(error, this.client.address);
    const delayMs = this.backoff.next();
    this.told = true;
    this.believing.failure(
      registryUnavailable(
        `${this.name} cannot be asked for ${describeQuery(this.query)}: ${failure.message}; asking again in ${delayMs} ms`,
        failure,
      ),
    );
    this.settings.onFailure();
    return delayMs;
  }

  private async whyEmpty({ body, filteredByAcl }: ServiceRead, usable: number): Promise<string> {
    const listed = (body as readonly unknown[]).length;
    if (usable > 0)
      return `${this.name}: no instance of ${describeQuery(this.query)} is healthy (${usable} registered)`;
    if (listed > 0)
      return `${this.name}: no instance of ${describeQuery(this.query)} has a port (${listed} registered)`;
    const acl = filteredByAcl ? '; the token may not see all of them' : '';
    // Once is enough: it is for whoever misspelt the name.
    const names = this.answered ? [] : await this.settings.serviceNames().catch(() => []);
    if (names.includes(this.query.service))
      return `${this.name} knows no instance of ${describeQuery(this.query)}${acl}`;
    const near = nearest(this.query.service, names);
    return `${this.name} knows no service ${describeQuery(this.query)}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}${acl}`;
  }

  private sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.pause = undefined;
        resolve();
      };
      this.pause = { timer: this.settings.runtime.clock.setTimer(ms, wake, { ref: !this.told }), wake };
    });
  }
}
