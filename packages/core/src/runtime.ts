import type { Clock, Random } from './clock.js';
import { PolicyEvents } from './events.js';
import { systemClock, systemRandom } from './system-clock.js';

/** What policies may use of the outside world. Injected, so that tests own time and chance. */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: PolicyEvents;
}

/** A runtime on the system's clock and randomness, with an event fan-out of its own. Fields may be replaced. */
export const createRuntime = (parts: Partial<Runtime> = {}): Runtime => ({
  clock: parts.clock ?? systemClock,
  random: parts.random ?? systemRandom,
  events: parts.events ?? new PolicyEvents(),
});
