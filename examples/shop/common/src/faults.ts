import { setTimeout as wait } from 'node:timers/promises';
import { Code, RpcError } from '@breakwater/core';
import type { shop } from '@breakwater/contracts';
import { durationMs } from './timestamps.js';
import { invalid } from './money.js';

type Behaviour = shop.faults.v1.Behaviour;

const MAX_DELAY_MS = 60_000;
const NONE: Behaviour = Object.freeze({ delay: undefined, failureRatio: 0, failAfterWork: false });

/** Makes the handlers it wraps misbehave, as it was last told through its own service. */
export class Faults {
  private behaviour = NONE;
  /** Carries what is left of the ratio from call to call: 0.5 is every second call, not a coin that is flipped. */
  private owed = 0;

  /** The service that controls it. */
  readonly handlers: shop.faults.v1.FaultsServer = {
    setFaults: async ({ behaviour }) => ({ behaviour: this.set(behaviour ?? NONE) }),
    getFaults: async () => ({ behaviour: this.behaviour }),
  };

  /** A handler that does what `handler` does, unless it is told to be late or to fail. */
  wrap<Q, C extends { readonly signal: AbortSignal }, R>(
    handler: (request: Q, context: C) => Promise<R>,
  ): (request: Q, context: C) => Promise<R> {
    return async (request, context) => {
      const { delay, failAfterWork } = this.behaviour;
      const fails = this.failsNow();
      if (fails && !failAfterWork) throw injected();
      const response = await handler(request, context);
      if (fails) throw injected();
      if (delay !== undefined && durationMs(delay) > 0)
        await wait(durationMs(delay), undefined, { signal: context.signal });
      return response;
    };
  }

  private set(behaviour: Behaviour): Behaviour {
    const { delay, failureRatio } = behaviour;
    if (!(failureRatio >= 0 && failureRatio <= 1))
      throw invalid('behaviour.failure_ratio', `is ${failureRatio}, but must be from 0 to 1`);
    const delayMs = delay === undefined ? 0 : durationMs(delay);
    if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS))
      throw invalid('behaviour.delay', `is ${delayMs} ms, but must be from 0 to ${MAX_DELAY_MS}`);
    this.behaviour = behaviour;
    this.owed = 0;
    return behaviour;
  }

  private failsNow(): boolean {
    this.owed += this.behaviour.failureRatio;
    if (this.owed < 1) return false;
    this.owed -= 1;
    return true;
  }
}

const injected = (): RpcError => new RpcError(Code.UNAVAILABLE, 'told to fail', { reason: 'INJECTED' });
