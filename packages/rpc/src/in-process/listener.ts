import type { Call, Outcome, Status } from '@breakwater/core';
import { Code, fail, nearest } from '@breakwater/core';
import type { Address, Listener, ListenOptions, ServedMethod } from '../transport/transport.js';
import { defectFailure } from '../server/failure.js';
import type { InProcessNetwork } from './network.js';

/** The server side of the in-process transport. */
export class InProcessListener implements Listener {
  private readonly calls = new Set<Call>();
  private readonly connections = new Set<() => void>();
  private idle: (() => void)[] = [];
  draining = false;

  constructor(
    private readonly network: InProcessNetwork,
    readonly address: Address,
    readonly options: ListenOptions,
    private readonly methods: ReadonlyMap<string, ServedMethod>,
  ) {}

  get inFlight(): number {
    return this.calls.size;
  }

  /** @param onGoAway called when this listener drains or closes @returns a function that detaches the connection */
  attach(onGoAway: () => void): () => void {
    this.connections.add(onGoAway);
    return () => this.connections.delete(onGoAway);
  }

  served(path: string): ServedMethod | undefined {
    return this.methods.get(path);
  }

  /** Runs an incoming call. Never rejects. */
  async handle(served: ServedMethod, call: Call): Promise<Outcome> {
    this.calls.add(call);
    try {
      return await served.handler(call);
    } catch (error) {
      return defectFailure(error);
    } finally {
      this.calls.delete(call);
      if (this.calls.size === 0) for (const settle of this.idle.splice(0)) settle();
    }
  }

  /** What a call to a path that is not served is answered. */
  unknownMethod(path: string): Outcome {
    return fail(unknownMethodStatus(path, [...this.methods.keys()]), 'refused');
  }

  drain(): Promise<void> {
    this.leave();
    if (this.calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  close(): Promise<void> {
    this.leave();
    for (const call of [...this.calls]) call.cancellation.cancel(CLOSED);
    return Promise.resolve();
  }

  private leave(): void {
    if (this.draining) return;
    this.draining = true;
    this.network.remove(this);
    for (const goAway of [...this.connections]) goAway();
  }
}

const CLOSED: Status = { code: Code.UNAVAILABLE, reason: 'DRAINING', details: 'the server is shutting down', origin: 'local' };

/** UNIMPLEMENTED, reason METHOD_UNKNOWN, saying whether the service or the method is missing, and the nearest name. */
export function unknownMethodStatus(path: string, known: readonly string[]): Status {
  const service = path.slice(1, path.lastIndexOf('/'));
  const hasService = known.some((one) => one.startsWith(`/${service}/`));
  const near = nearest(path, known);
  const what = hasService ? `service ${service} has no method ${path.slice(path.lastIndexOf('/') + 1)}` : `no service ${service} is served here`;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return { code: Code.UNIMPLEMENTED, reason: 'METHOD_UNKNOWN', details: `${what}${hint}`, origin: 'remote' };
}
