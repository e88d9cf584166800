import type { Clock, Random, Timer } from '@breakwater/core';
import type { Catalog } from './catalog.js';
import type { CheckDefinition, CheckStatus } from './records.js';

/** What a probe found. */
export interface ProbeResult {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Asks an instance how it is. Never rejects and keeps to the check's timeout. `cancel` ends it early. */
export type Probe = (check: CheckDefinition) => { readonly result: Promise<ProbeResult>; cancel(): void };

interface Running {
  readonly definition: CheckDefinition;
  timer: Timer | undefined;
  cancel: (() => void) | undefined;
  criticalSince: number | undefined;
}

const REAP_INTERVAL_MS = 30_000;
const SHORTEST_DEREGISTER_MS = 60_000;

/**
 * Keeps the statuses in a catalog true: lets TTLs expire, runs probes on their interval, and drops services that were
 * critical for too long (at least a minute, looked at every 30 s, as Consul does).
 */
export class CheckRunner {
  private readonly running = new Map<string, Running>();
  private reaper: Timer | undefined;
  private closed = false;

  constructor(
    private readonly catalog: Catalog,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly probe: Probe,
  ) {
    this.scheduleReaper();
  }

  /** Starts a check, in place of the one with the same id. */
  start(definition: CheckDefinition): void {
    this.stop(definition.id);
    const running: Running = { definition, timer: undefined, cancel: undefined, criticalSince: undefined };
    this.running.set(definition.id, running);
    this.noteStatus(running);
    if (definition.kind.type === 'ttl') this.armTtl(running, definition.kind.ttlMs);
    else this.probeIn(running, definition.kind.intervalMs * this.random.next());
  }

  stop(checkId: string): void {
    const running = this.running.get(checkId);
    this.running.delete(checkId);
    running?.timer?.cancel();
    running?.cancel?.();
  }

  /** A sign of life for a TTL check. @returns false when there is no TTL check of that id */
  update(checkId: string, status: CheckStatus, output: string): boolean {
    const running = this.running.get(checkId);
    if (running?.definition.kind.type !== 'ttl') return false;
    this.armTtl(running, running.definition.kind.ttlMs);
    this.setStatus(running, status, output);
    return true;
  }

  close(): void {
    this.closed = true;
    this.reaper?.cancel();
    for (const id of [...this.running.keys()]) this.stop(id);
  }

  private armTtl(running: Running, ttlMs: number): void {
    running.timer?.cancel();
    running.timer = this.clock.setTimer(ttlMs, () => this.setStatus(running, 'critical', 'TTL expired'), {
      ref: false,
    });
  }

  private probeIn(running: Running, delayMs: number): void {
    running.timer = this.clock.setTimer(delayMs, () => void this.runProbe(running), { ref: false });
  }

  private async runProbe(running: Running): Promise<void> {
    const { definition } = running;
    if (definition.kind.type === 'ttl') return;
    const { result, cancel } = this.probe(definition);
    running.cancel = cancel;
    const { status, output } = await result;
    running.cancel = undefined;
    if (this.running.get(definition.id) !== running) return;
    this.setStatus(running, status, output);
    this.probeIn(running, definition.kind.intervalMs);
  }

  private setStatus(running: Running, status: CheckStatus, output: string): void {
    this.catalog.setStatus(running.definition.id, status, output);
    this.noteStatus(running);
  }

  private noteStatus(running: Running): void {
    const critical = this.catalog.check(running.definition.id)?.status === 'critical';
    running.criticalSince = critical ? (running.criticalSince ?? this.clock.now()) : undefined;
  }

  private scheduleReaper(): void {
    if (this.closed) return;
    this.reaper = this.clock.setTimer(REAP_INTERVAL_MS, () => this.reap(), { ref: false });
  }

  private reap(): void {
    const now = this.clock.now();
    for (const { definition, criticalSince } of [...this.running.values()]) {
      if (criticalSince === undefined || definition.deregisterAfterMs === undefined) continue;
      if (now - criticalSince < Math.max(SHORTEST_DEREGISTER_MS, definition.deregisterAfterMs)) continue;
      const serviceId = this.catalog.check(definition.id)?.serviceId;
      if (serviceId !== undefined) this.deregister(serviceId);
    }
    this.scheduleReaper();
  }

  /** Removes a service and stops its checks. @returns false when there is no such service */
  deregister(serviceId: string): boolean {
    const gone = this.catalog.deregister(serviceId);
    for (const checkId of gone ?? []) this.stop(checkId);
    return gone !== undefined;
  }
}
