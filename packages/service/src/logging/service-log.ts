import type { Call, PolicyEvents } from '@breakwater/core';
import type { Registration } from '@breakwater/discovery';
import { PEER } from '@breakwater/rpc';
import type { Logger } from 'pino';
import type { DrainReport, DrainStep } from '../lifecycle/drain.js';
import { logEventsOfService } from './policy-log.js';

const STEPS: Readonly<Record<DrainStep, string>> = {
  not_serving: 'health is NOT_SERVING',
  deregister: 'leaving the registry',
  propagation_wait: 'waiting until clients have heard of it',
  goaway: 'no new calls, GOAWAY to open connections',
  force: 'ending what is still in flight',
  stopped: 'stopped',
};

/** The log lines of a service's life: one per start, stop, registration change and breaker transition. */
export class ServiceLog {
  private endings: (() => void)[] = [];

  constructor(
    private readonly logger: Logger,
    private readonly name: string,
  ) {}

  /** @param owns whether a call is served by this service */
  subscribe(events: PolicyEvents, owns: (call: Call) => boolean): void {
    this.endings.push(logEventsOfService(events, this.logger, owns));
  }

  unsubscribe(): void {
    for (const end of this.endings.splice(0)) end();
  }

  listening(address: { readonly host: string; readonly port: number }, transport: string, tls: boolean): void {
    const at = `${address.host}:${address.port}`;
    this.logger.info(
      { event: 'listening', ...address, transport, tls },
      `${this.name} listens on ${at}${tls ? ' with TLS' : ''}`,
    );
  }

  registered(registry: string, registration: Registration): void {
    const write = (): void => {
      const { state } = registration;
      const line = { event: 'registration', id: registration.id, registry, ...state };
      if (state.kind === 'registered') this.logger.info(line, `registered as ${registration.id} in ${registry}`);
      else if (state.kind === 'deregistered') this.logger.info(line, `${registration.id} has left ${registry}`);
      else
        this.logger.warn(
          line,
          `not registered in ${registry}: ${state.error}; next try in ${Math.round(state.retryInMs)} ms`,
        );
    };
    write();
    this.endings.push(registration.onState(write));
  }

  /** A registration that came after the service had stopped could not be undone. */
  leftBehind(error: unknown): void {
    this.logger.warn(
      { event: 'deregister_failed', err: error },
      'a late registration could not be undone; it will expire',
    );
  }

  step(step: DrainStep, inFlight: number): void {
    this.logger.debug({ event: 'drain', step, inFlight }, STEPS[step]);
  }

  stopped(report: DrainReport): void {
    const line = { event: 'stopped', ...report };
    if (report.deregisterError !== undefined)
      this.logger.warn({ event: 'deregister_failed' }, `the registry was not told: ${report.deregisterError}`);
    if (!report.forced) return this.logger.info(line, `${this.name} stopped after ${Math.round(report.tookMs)} ms`);
    const who = report.blockedBy
      .map(({ path, peer, ageMs }) => `${path} from ${peer ?? 'unknown'} (${ageMs} ms)`)
      .join(', ');
    this.logger.warn(
      line,
      `${this.name} stopped by force after ${Math.round(report.tookMs)} ms; still in flight: ${who}`,
    );
  }

  forcedBySignal(signal: string, blocking: readonly { readonly path: string }[]): void {
    this.logger.warn(
      { event: 'forced', signal, blocking },
      `second ${signal}: exit with ${blocking.length} calls in flight`,
    );
  }

  abandoned(call: Call, afterMs: number): void {
    const { path } = call.operation;
    const peer = call.attributes.get(PEER);
    this.logger.warn(
      { event: 'handler_abandoned', path, peer },
      `handler of ${path} still runs ${afterMs} ms after its call ended; let it watch context.signal`,
    );
  }
}
