import type { Runtime, Timer } from '@breakwater/core';
import {
  Backoff,
  RegistrationStates,
  type Registration,
  type RegistrationState,
  type ValidInstance,
} from '@breakwater/discovery';
import type Consul from 'consul';
import type { CallContext, ConsulAnswer, ConsulSender, PendingAnswer } from '../client/consul-client.js';
import { ConsulError } from '../client/consul-error.js';
import { checkIdOf, toRegistration, type InstanceCheck } from './consul-instance.js';
import { deregisterInstance } from './deregister-instance.js';

/** How a `ConsulRegistration` behaves. */
export interface ConsulRegistrationSettings {
  readonly check: InstanceCheck;
  readonly deregisterCriticalAfterMs: number;
  /** Give up registering after this long, ms; undefined: never. */
  readonly failAfterMs: number | undefined;
  readonly deregisterTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How often an instance with a gRPC check makes sure that the agent still knows it, ms. */
  readonly verifyIntervalMs: number;
  readonly runtime: Runtime;
}

type Operation = (api: Consul, ctx: CallContext) => Promise<unknown>;

const VERIFY_AT_MOST_EVERY_MS = 500;
const BACKOFF = { initialMs: 500, maxMs: 15_000 };

/**
 * Keeps one instance registered: announces it, proves it alive, announces it again when the agent has forgotten it, and
 * tries again with growing pauses while the agent is out of reach.
 */
export class ConsulRegistration implements Registration {
  readonly id: string;
  private readonly states = new RegistrationStates({ kind: 'retrying', error: 'not announced yet', retryInMs: 0 });
  private readonly backoff: Backoff;
  private readonly generation: string;
  private announced = false;
  /** While somebody waits for `start` the process must stay alive for it. */
  private awaited = false;
  /** Start of the newest beat, on the clock. */
  private verifiedAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;
  private pending: PendingAnswer | undefined;
  private onBeat: ((failure: ConsulError | undefined) => void) | undefined;
  private stopped = false;
  private deregistration: Promise<void> | undefined;

  constructor(
    private readonly client: ConsulSender,
    private readonly instance: ValidInstance,
    private readonly settings: ConsulRegistrationSettings,
    private readonly onEnd: (registration: ConsulRegistration) => void,
  ) {
    this.id = instance.id;
    this.backoff = new Backoff(BACKOFF, settings.runtime.random);
    this.generation =
      settings.runtime.clock.wallNow().toString(36) + Math.floor(settings.runtime.random.next() * 1e9).toString(36);
  }

  get state(): RegistrationState {
    return this.states.current;
  }

  onState(listener: (state: RegistrationState) => void): () => void {
    return this.states.subscribe(listener);
  }

  /**
   * Makes the first attempt. Resolves when the agent has the instance, or when it could not be asked and the attempts go
   * on. Rejects when the agent refuses the instance (HTTP 400), or with `failAfterMs`, when it is over.
   */
  async start(): Promise<this> {
    this.awaited = true;
    try {
      return await this.tryToAnnounce();
    } finally {
      this.awaited = false;
    }
  }

  private async tryToAnnounce(): Promise<this> {
    const { clock } = this.settings.runtime;
    const giveUpAt = this.settings.failAfterMs === undefined ? undefined : clock.now() + this.settings.failAfterMs;
    for (let failure = await this.beat(); ; failure = await this.nextBeat()) {
      if (failure === undefined || this.stopped) return this;
      if (failure.httpStatus === 400) {
        this.stop();
        throw failure;
      }
      if (giveUpAt === undefined) return this;
      const retryInMs = this.state.kind === 'retrying' ? this.state.retryInMs : 0;
      if (clock.now() + retryInMs >= giveUpAt) {
        this.stop();
        const { text } = this.client.address;
        throw new ConsulError(
          failure.kind,
          `${this.instance.service} could not be registered with Consul at ${text} in ${this.settings.failAfterMs} ms (consul.failAfterMs): ${failure.message}`,
          failure.httpStatus,
          failure,
        );
      }
    }
  }

  deregister(): Promise<void> {
    this.deregistration ??= this.leave();
    return this.deregistration;
  }

  /** Something else noticed trouble with the agent: it may have restarted and forgotten us, so ask soon, not at the next beat. */
  verifySoon(): void {
    if (this.stopped || !this.announced || this.pending !== undefined || this.state.kind !== 'registered') return;
    this.schedule(
      this.settings.runtime.clock.now() < this.verifiedAt + VERIFY_AT_MOST_EVERY_MS ? VERIFY_AT_MOST_EVERY_MS : 0,
    );
  }

  /** Ends the heartbeat and leaves the rest to expire. */
  stop(): void {
    if (this.stopped) return;
    this.quiet();
    this.pending?.cancel();
  }

  private quiet(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.onBeat?.(undefined);
    this.onEnd(this);
  }

  /** Resolves with the result of the beat that is scheduled now, or when stopped. */
  private nextBeat(): Promise<ConsulError | undefined> {
    return new Promise((resolve) => {
      this.onBeat = resolve;
    });
  }

  /** Announces or renews, and schedules the next beat. @returns the failure, if any */
  private async beat(): Promise<ConsulError | undefined> {
    this.verifiedAt = this.settings.runtime.clock.now();
    const failure = await this.prove();
    if (this.stopped) return undefined;
    if (failure === undefined) {
      this.backoff.reset();
      this.states.set({ kind: 'registered' });
      this.schedule(this.beatMs());
    } else {
      const retryInMs = Math.round(Math.min(this.backoff.next(), this.beatMs() * 3));
      this.states.set({
        kind: 'retrying',
        error: failure.message,
        retryInMs,
      });
      this.schedule(retryInMs);
    }
    const { onBeat } = this;
    this.onBeat = undefined;
    onBeat?.(failure);
    return failure;
  }

  private schedule(delayMs: number): void {
    this.timer?.cancel();
    const ref = this.awaited && !this.announced && this.settings.failAfterMs !== undefined;
    // A server that listens keeps the process alive; a heartbeat must not, once that server is gone.
    this.timer = this.settings.runtime.clock.setTimer(delayMs, () => void this.beat(), { ref });
  }

  /** Never later than a third of the TTL; chance spreads the beats of many instances. */
  private beatMs(): number {
    const { check, verifyIntervalMs, runtime } = this.settings;
    const intervalMs = check.kind === 'ttl' ? check.ttlMs / 3 : verifyIntervalMs;
    return intervalMs * (0.9 + 0.1 * runtime.random.next());
  }

  private async prove(): Promise<ConsulError | undefined> {
    if (this.announced) {
      const known = await this.renew();
      if (known !== 'forgotten') return known;
      if (this.stopped) return undefined;
      this.announced = false;
    }
    const { check, deregisterCriticalAfterMs } = this.settings;
    const body = toRegistration(this.instance, check, deregisterCriticalAfterMs, this.generation);
    const failure = await this.send(
      (api, ctx) => api.agent.service.register({ ...body, ctx } as unknown as { name: string }),
      requireSilence,
    );
    this.announced = failure === undefined;
    // A check that the agent knew already keeps the status it had, also critical: say at once that all is well.
    if (failure !== undefined || check.kind !== 'ttl' || this.stopped) return failure;
    const passed = await this.passCheck();
    return passed === 'forgotten'
      ? new ConsulError('status', 'the agent lost the instance as soon as it had it')
      : passed;
  }

  private renew(): Promise<ConsulError | 'forgotten' | undefined> {
    return this.settings.check.kind === 'ttl' ? this.passCheck() : this.findService();
  }

  private async passCheck(): Promise<ConsulError | 'forgotten' | undefined> {
    const failure = await this.send(
      (api, ctx) => api.agent.check.pass({ id: checkIdOf(this.id), ctx } as { id: string }),
      requireSilence,
    );
    return failure !== undefined && isForgotten(failure) ? 'forgotten' : failure;
  }

  private async findService(): Promise<ConsulError | 'forgotten' | undefined> {
    let known = false;
    const failure = await this.send(
      (api, ctx) => api.agent.service.list({ ctx } as object),
      ({ body }) => {
        if (typeof body !== 'object' || body === null)
          throw new ConsulError('malformed', 'the answer is no list of services');
        known = Object.hasOwn(body, this.id);
      },
    );
    return failure ?? (known ? undefined : 'forgotten');
  }

  private async leave(): Promise<void> {
    const { deregisterCriticalAfterMs, deregisterTimeoutMs, requestTimeoutMs, runtime } = this.settings;
    const giveUpAt = runtime.clock.now() + deregisterTimeoutMs;
    if (!this.stopped) this.quiet();
    await this.letFinish(deregisterTimeoutMs / 2);
    const limits = { giveUpAt, deregisterTimeoutMs, requestTimeoutMs, deregisterCriticalAfterMs };
    await deregisterInstance(this.client, this.id, limits, runtime);
    this.states.set({ kind: 'deregistered' });
  }

  /** An announcement under way may reach the agent although it is cancelled: it must not do so behind our leaving. */
  private async letFinish(limitMs: number): Promise<void> {
    const { pending } = this;
    if (pending === undefined) return;
    const limit = this.settings.runtime.clock.setTimer(limitMs, () => pending.cancel());
    await pending.answer.catch(() => {});
    limit.cancel();
  }

  private async send(
    operation: Operation,
    read: (answer: ConsulAnswer) => void = () => {},
  ): Promise<ConsulError | undefined> {
    const pending = this.client.send(operation, {
      timeoutMs: this.settings.requestTimeoutMs,
      background: !this.awaited,
    });
    this.pending = pending;
    try {
      read(await pending.answer);
      return undefined;
    } catch (error) {
      return error as ConsulError;
    } finally {
      this.pending = undefined;
    }
  }
}

/** Consul confirms with an empty answer: any other server that says 200 has something to say. */
function requireSilence({ body, headers }: ConsulAnswer): void {
  if (body === undefined || body === '') return;
  const kind = headers['content-type'] ?? 'a text';
  throw new ConsulError(
    'malformed',
    `the answer is not Consul's (${kind} instead of an empty confirmation); is this really Consul's HTTP port?`,
  );
}

/** The agent restarted, or its reaper took the instance: Consul 1.8 answers 500, newer agents 404. */
const isForgotten = ({ httpStatus, message }: ConsulError): boolean =>
  httpStatus === 404 || (httpStatus === 500 && /does not have associated TTL|Unknown check/i.test(message));
