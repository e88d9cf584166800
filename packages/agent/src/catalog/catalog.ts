import type { CheckRecord, CheckStatus, ServiceDefinition, ServiceRecord } from './records.js';

/** A service with its checks, for answers. */
export interface ServiceEntry {
  readonly service: ServiceRecord;
  readonly checks: readonly CheckRecord[];
}

/**
 * Services and checks with the indexes that blocking queries compare. Pure bookkeeping: no clock, no I/O. An index never
 * goes backwards while the agent runs, and starts afresh with it, as in Consul's development mode.
 */
export class Catalog {
  private readonly services = new Map<string, ServiceRecord>();
  private readonly checks = new Map<string, CheckRecord>();
  private last = 1;
  /** Index of the newest event that ended a service: what a reader of a service that is not there compares with. */
  private extinction = 1;
  private listChange = 1;
  private listeners: readonly (() => void)[] = [];

  /** Index of the newest change of anything. */
  get index(): number {
    return this.last;
  }

  /** Index of the newest change to the list of services and tags. */
  get listIndex(): number {
    return this.listChange;
  }

  /** Index of the newest change to a service or its checks. */
  indexOf(name: string): number {
    let index = 0;
    for (const { service, checks } of this.entriesOf(name)) {
      index = Math.max(index, service.modifyIndex, ...checks.map((check) => check.modifyIndex));
    }
    // Also for a service that is there: one of its instances may have gone.
    return Math.max(index, this.extinction);
  }

  /** Called after every change. @returns a function that ends the subscription */
  onChange(listener: () => void): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  service(id: string): ServiceRecord | undefined {
    return this.services.get(id);
  }

  check(id: string): CheckRecord | undefined {
    return this.checks.get(id);
  }

  get allServices(): readonly ServiceRecord[] {
    return [...this.services.values()];
  }

  get allChecks(): readonly CheckRecord[] {
    return [...this.checks.values()];
  }

  entriesOf(name: string): readonly ServiceEntry[] {
    return this.allServices
      .filter((service) => service.name === name)
      .map((service) => ({ service, checks: this.checksOf(service.id) }));
  }

  checksOf(serviceId: string): readonly CheckRecord[] {
    return this.allChecks.filter((check) => check.serviceId === serviceId);
  }

  /**
   * Adds or replaces a service and its checks. A check that exists keeps its status and output, as in Consul.
   * Registering what is there already changes no index.
   */
  register(definition: ServiceDefinition): void {
    const { checks, ...service } = definition;
    const existing = this.services.get(service.id);
    const next = this.last + 1;
    let changed = existing === undefined || !sameContent(existing, service);
    if (existing !== undefined && existing.name !== service.name) this.extinction = next;
    if (changed) {
      this.services.set(service.id, { ...service, createIndex: existing?.createIndex ?? next, modifyIndex: next });
      this.listChange = next;
    }
    for (const { id, name, notes, status, kind } of checks) {
      const before = this.checks.get(id);
      const check = {
        id,
        name,
        notes,
        type: kind.type,
        serviceId: service.id,
        status: before?.status ?? status,
        output: before?.output ?? '',
      };
      if (before !== undefined && sameContent(before, check)) continue;
      this.checks.set(id, { ...check, createIndex: before?.createIndex ?? next, modifyIndex: next });
      changed = true;
    }
    if (changed) this.changed(next);
  }

  /** Removes a service and its checks. @returns ids of the checks; undefined when there was no such service */
  deregister(id: string): readonly string[] | undefined {
    if (!this.services.delete(id)) return undefined;
    const gone = this.checksOf(id).map((check) => check.id);
    for (const checkId of gone) this.checks.delete(checkId);
    const next = this.last + 1;
    this.extinction = next;
    this.listChange = next;
    this.changed(next);
    return gone;
  }

  /** Sets what a check found. Output alone moves no index, or every heartbeat with a note would wake every reader. */
  setStatus(checkId: string, status: CheckStatus, output: string): void {
    const before = this.checks.get(checkId);
    if (before === undefined) return;
    if (before.status === status) {
      this.checks.set(checkId, { ...before, output });
      return;
    }
    const next = this.last + 1;
    this.checks.set(checkId, { ...before, status, output, modifyIndex: next });
    this.changed(next);
  }

  private changed(index: number): void {
    this.last = index;
    for (const listener of this.listeners) listener();
  }
}

function sameContent(record: object, next: object): boolean {
  return Object.entries(next).every(
    ([key, value]) => JSON.stringify(value) === JSON.stringify((record as Record<string, unknown>)[key]),
  );
}
