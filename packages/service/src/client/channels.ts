import { Code, fail, type Handler, type Status } from '@breakwater/core';
import { RetryBudget } from '@breakwater/resilience';
import { Channel, type ChannelOptions, type ChannelSnapshot, type Method } from '@breakwater/rpc';

/** A channel with those who use it. */
interface Shared {
  readonly options: ChannelOptions;
  readonly channel: Channel;
  readonly budget: RetryBudget;
  holders: number;
}

/** A share in a channel; clients of one target with the same options share one, all of one target share a retry budget. */
export interface ChannelLease {
  readonly budget: RetryBudget;
  /** What is shared, for those who refuse calls after `release` themselves. */
  readonly channel: Channel;
  /** The leaf of a client stack. Refuses calls after `release`, also while others hold the channel. */
  handler(method: Method): Handler;
  snapshot(): ChannelSnapshot;
  /** Gives the share back; the last one closes the channel. Later calls give the same promise. */
  release(graceMs: number): Promise<void>;
}

const CLOSED: Status = {
  code: Code.UNAVAILABLE,
  reason: 'CLIENT_CLOSED',
  details: 'this client has been closed',
  origin: 'local',
};

const open: Shared[] = [];

/** @throws ConfigError as `Channel` does */
export function leaseChannel(options: ChannelOptions): ChannelLease {
  let shared = open.find((one) => sameOptions(one.options, options));
  if (shared === undefined) {
    // Retries hurt the target as a whole, whatever the options of the client that makes them.
    const budget = open.find((one) => sameTarget(one.options, options))?.budget ?? new RetryBudget();
    shared = { options, channel: new Channel(options), budget, holders: 0 };
    open.push(shared);
  }
  const held = shared;
  held.holders += 1;
  let released: Promise<void> | undefined;
  const giveBack = async (graceMs: number): Promise<void> => {
    held.holders -= 1;
    if (held.holders > 0) return;
    open.splice(open.indexOf(held), 1);
    await held.channel.close(graceMs);
  };
  return {
    budget: held.budget,
    channel: held.channel,
    handler: (method) => {
      const next = held.channel.handler(method);
      return (call) => (released === undefined ? next(call) : Promise.resolve(fail(CLOSED)));
    },
    snapshot: () => held.channel.snapshot(),
    release: (graceMs) => {
      released ??= giveBack(graceMs);
      return released;
    },
  };
}

const sameTarget = (a: ChannelOptions, b: ChannelOptions): boolean =>
  a.target === b.target && a.registry === b.registry && a.runtime === b.runtime;

/** Limits, backoff and TLS settings by value, everything else by identity. */
function sameOptions(a: ChannelOptions, b: ChannelOptions): boolean {
  const { limits: aLimits, backoff: aBackoff, tls: aTls, ...aRest } = a;
  const { limits: bLimits, backoff: bBackoff, tls: bTls, ...bRest } = b;
  return (
    shallowEqual(aRest, bRest) &&
    shallowEqual(aLimits, bLimits) &&
    shallowEqual(aBackoff, bBackoff) &&
    (aTls === bTls || (aTls !== undefined && bTls !== undefined && shallowEqual(aTls, bTls)))
  );
}

function shallowEqual(a: object, b: object): boolean {
  const entries = Object.entries(a);
  const other = b as Record<string, unknown>;
  return entries.length === Object.keys(b).length && entries.every(([key, value]) => Object.is(other[key], value));
}
