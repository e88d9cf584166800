import type { Runtime } from '@breakwater/core';
import { Backoff } from '@breakwater/discovery';
import type { ConsulSender } from '../client/consul-client.js';
import { ConsulError } from '../client/consul-error.js';

/** How long to try. */
export interface DeregistrationLimits {
  /** Instant on the clock. */
  readonly giveUpAt: number;
  /** What the user set, for the message. */
  readonly deregisterTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** When the agent drops the instance by itself, for the message. */
  readonly deregisterCriticalAfterMs: number;
}

/**
 * Takes an instance out of the agent, trying again until the limit. An id that the agent does not know is a success.
 * Rejects with the last ConsulError's reason and what happens to the instance then.
 */
export async function deregisterInstance(
  client: ConsulSender,
  id: string,
  limits: DeregistrationLimits,
  { clock, random }: Runtime,
): Promise<void> {
  const backoff = new Backoff({ initialMs: 100, maxMs: 1_000 }, random);
  for (;;) {
    const timeoutMs = Math.max(1, Math.min(limits.requestTimeoutMs, limits.giveUpAt - clock.now()));
    const { answer } = client.send((api, ctx) => api.agent.service.deregister({ id, ctx } as { id: string }), {
      timeoutMs,
    });
    const failure = await answer.then(
      () => undefined,
      (error: ConsulError) => error,
    );
    // Newer agents answer 404 for an id they do not know: it is not there, which is what was wanted.
    if (failure === undefined || failure.httpStatus === 404) return;
    const pauseMs = backoff.next();
    if (clock.now() + pauseMs >= limits.giveUpAt) throw givenUp(client, id, limits, failure);
    await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
  }
}

function givenUp(client: ConsulSender, id: string, limits: DeregistrationLimits, failure: ConsulError): ConsulError {
  const tried = `${id} could not be deregistered from Consul at ${client.address.text} in ${limits.deregisterTimeoutMs} ms`;
  const later = `it is dropped when its check has been critical for ${limits.deregisterCriticalAfterMs} ms`;
  return new ConsulError(failure.kind, `${tried}: ${failure.message}; ${later}`, failure.httpStatus, failure);
}
