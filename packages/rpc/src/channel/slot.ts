import type { Call, Failure, Outcome, Runtime } from '@breakwater/core';
import { Code } from '@breakwater/core';
import type { Candidate, Endpoint } from '@breakwater/discovery';
import type { Method } from '../method/method.js';
import type { Connection } from '../transport/transport.js';
import { EndpointTrouble } from './endpoint-trouble.js';

/** One endpoint of a channel with its connection, its calls in flight, and what is known of its troubles. */
export class Slot implements Candidate {
  inFlight = 0;
  /** True from a failed attempt to connect until the next success: calls do not wait for such a slot. */
  failing = false;
  endpoint: Endpoint;
  readonly connection: Connection;
  private readonly trouble = new EndpointTrouble();
  private wasReady = false;
  /** Set once the endpoint has left the registry: how long its calls may go on. */
  private leavingWithinMs: number | undefined;
  private readonly unsubscribe: () => void;

  constructor(
    endpoint: Endpoint,
    connection: Connection,
    private readonly runtime: Runtime,
    /** @param lost whether the endpoint has just refused, left or dropped a connection: it may be elsewhere by now */
    private readonly onChange: (lost: boolean) => void,
    /** A call that the endpoint did not start. @returns its repetition elsewhere, if it is repeated */
    private readonly onUnsent: (failure: Failure, method: Method, call: Call) => Promise<Outcome> | undefined,
  ) {
    this.endpoint = endpoint;
    this.connection = connection;
    this.unsubscribe = connection.onStateChange(() => this.onConnectionState());
  }

  get ready(): boolean {
    return this.connection.state === 'ready';
  }

  get troubledUntil(): number {
    return this.trouble.troubledUntil;
  }

  /** Runs a call on this endpoint's connection and says in the outcome where it went. */
  run(method: Method, call: Call): Promise<Outcome> {
    this.inFlight += 1;
    return this.connection.call(method, call).then((outcome) => this.settle(outcome, method, call), this.defect);
  }

  /** Lets the calls in flight finish, then closes. */
  drain(graceMs: number): Promise<void> {
    this.unsubscribe();
    return this.connection.drain(graceMs);
  }

  /** As `drain`, because the endpoint has left the registry: calls that are cut off in the end say so. */
  leave(graceMs: number): Promise<void> {
    this.leavingWithinMs = graceMs;
    return this.drain(graceMs);
  }

  close(): void {
    this.leavingWithinMs = undefined;
    this.unsubscribe();
    this.connection.close();
  }

  private settle(outcome: Outcome, method: Method, call: Call): Outcome | Promise<Outcome> {
    this.inFlight -= 1;
    const wasTroubled = this.trouble.troubledUntil !== Number.NEGATIVE_INFINITY;
    const becameTroubled = this.trouble.record(outcome, this.runtime.clock);
    if (becameTroubled || (wasTroubled && this.trouble.troubledUntil === Number.NEGATIVE_INFINITY))
      this.onChange(false);
    const peer = this.endpoint.id;
    if (outcome.ok) {
      const { value, headers, trailers } = outcome;
      return { ok: true, value, headers, trailers, peer };
    }
    const failure = this.leavingWithinMs === undefined ? outcome : this.cutOff(outcome, this.leavingWithinMs);
    const named = { ...failure, peer };
    return failure.sent === 'unknown' ? named : (this.onUnsent(named, method, call) ?? named);
  }

  /** The connection only knows that it was closed; the client is still there. */
  private cutOff(failure: Failure, graceMs: number): Failure {
    if (failure.status.reason !== 'CLIENT_CLOSED') return failure;
    const details = `${this.endpoint.id} left the registry, and the call was not over ${graceMs} ms later (drainGraceMs)`;
    return { ...failure, status: { code: Code.UNAVAILABLE, reason: 'DRAINING', details, origin: 'remote' } };
  }

  private readonly defect = (error: unknown): never => {
    this.inFlight -= 1;
    throw error;
  };

  private onConnectionState(): void {
    const { state } = this.connection;
    const lost = state === 'failed' || (this.wasReady && state !== 'ready');
    this.wasReady = state === 'ready';
    if (state === 'failed') this.failing = true;
    else if (state === 'ready') this.failing = false;
    this.onChange(lost);
  }
}
