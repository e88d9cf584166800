import type { Clock } from '@breakwater/core';
import type { ClientLimits } from '@breakwater/rpc';
import type { ClientSession } from '../http2/client-session.js';
import { Keepalive } from '../keepalive.js';

/** Keepalive for the sessions of one endpoint. A server that finds the PINGs too many gets half as many from then on. */
export class SessionKeepalives {
  private readonly bySession = new Map<ClientSession, Keepalive>();
  private timeMs: number;
  private readonly timeoutMs: number;

  constructor(
    limits: ClientLimits,
    private readonly clock: Clock,
  ) {
    this.timeMs = limits.keepaliveTimeMs;
    this.timeoutMs = limits.keepaliveTimeoutMs;
  }

  watch(session: ClientSession): void {
    const { timeMs, timeoutMs } = this;
    if (timeMs === Number.POSITIVE_INFINITY) return;
    this.bySession.set(session, new Keepalive(session, { timeMs, timeoutMs, whenIdle: false }, this.clock));
  }

  stop(session: ClientSession): void {
    this.bySession.get(session)?.stop();
    this.bySession.delete(session);
  }

  /** The server left a session for its PINGs: those to come ask half as often. @see gRFC A8 */
  onTooManyPings(): void {
    this.timeMs *= 2;
  }
}
