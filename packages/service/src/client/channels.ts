import { RetryBudget } from '@breakwater/resilience';
import { Channel, type ChannelOptions } from '@breakwater/rpc';

/** A channel with those who use it. */
interface Shared {
  readonly options: ChannelOptions;
  readonly channel: Channel;
  readonly budget: RetryBudget;
  holders: number;
}

/** A share in a channel; clients of one target with the same options share one, and one retry budget. */
export interface ChannelLease {
  readonly channel: Channel;
  readonly budget: RetryBudget;
  /** Gives the share back; the last one closes the channel. Idempotent. */
  release(graceMs: number): Promise<void>;
}

const open: Shared[] = [];

/** @throws ConfigError as `Channel` does */
export function leaseChannel(options: ChannelOptions): ChannelLease {
  let shared = open.find((one) => sameOptions(one.options, options));
  if (shared === undefined) {
    shared = { options, channel: new Channel(options), budget: new RetryBudget(), holders: 0 };
    open.push(shared);
  }
  const held = shared;
  held.holders += 1;
  let released = false;
  return {
    channel: held.channel,
    budget: held.budget,
    release: async (graceMs) => {
      if (released) return;
      released = true;
      held.holders -= 1;
      if (held.holders > 0) return;
      open.splice(open.indexOf(held), 1);
      await held.channel.close(graceMs);
    },
  };
}

/** Closes every channel of the process, whoever holds it. */
export async function closeAllChannels(graceMs: number): Promise<void> {
  await Promise.all(open.splice(0).map(({ channel }) => channel.close(graceMs)));
}

/** Objects by identity, limits by value. */
function sameOptions(a: ChannelOptions, b: ChannelOptions): boolean {
  const { limits: aLimits, backoff: aBackoff, ...aRest } = a;
  const { limits: bLimits, backoff: bBackoff, ...bRest } = b;
  return shallowEqual(aRest, bRest) && shallowEqual(aLimits, bLimits) && shallowEqual(aBackoff, bBackoff);
}

function shallowEqual(a: object, b: object): boolean {
  const entries = Object.entries(a);
  const other = b as Record<string, unknown>;
  return entries.length === Object.keys(b).length && entries.every(([key, value]) => Object.is(other[key], value));
}
