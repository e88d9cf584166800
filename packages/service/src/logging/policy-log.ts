import { type Call, codeName, type PolicyEvent, type PolicyEvents, RpcError } from '@breakwater/core';
import type { Logger } from 'pino';

/**
 * Writes the policy events that an operator wants a line for: breaker transitions, renewed certificates and defects. Rejections and retries are
 * counted by whoever counts; a line each would be the overload's second half.
 * Services, and clients with a logger, do this by themselves; it is for processes that have neither.
 * @returns a function that ends it
 */
export const logPolicyEvents = (events: PolicyEvents, logger: Logger): (() => void) =>
  events.subscribe((event) => writeLine(logger, event));

/** Events of the process that one service has written: services share a runtime, and its events come to each. */
const written = new WeakSet<PolicyEvent>();
/** Names of breakers whose client has a logger of its own, with the number of such clients. */
const claimed = new WeakMap<PolicyEvents, Map<string, number>>();

/**
 * As `logPolicyEvents` for one service: the defects of its own calls, and every transition that nobody else writes.
 * @param owns whether a call is served by this service
 */
export const logEventsOfService = (events: PolicyEvents, logger: Logger, owns: (call: Call) => boolean): (() => void) =>
  events.subscribe((event) => {
    if (event.type === 'defect' && owns(event.call)) writeLine(logger, event);
    if (event.type === 'certificates') writeOnce(logger, event);
    if (event.type !== 'breaker_transition' || claimed.get(events)?.has(event.name) === true) return;
    writeOnce(logger, event);
  });

function writeOnce(logger: Logger, event: PolicyEvent): void {
  if (written.has(event)) return;
  written.add(event);
  writeLine(logger, event);
}

/** As `logPolicyEvents` for one client: the transitions of its own breakers, which services then leave to it. */
export function logEventsOfClient(events: PolicyEvents, logger: Logger, breakers: ReadonlySet<string>): () => void {
  const claims = claimed.get(events) ?? new Map<string, number>();
  claimed.set(events, claims);
  for (const name of breakers) claims.set(name, (claims.get(name) ?? 0) + 1);
  const unsubscribe = events.subscribe((event) => {
    if (event.type === 'breaker_transition' && breakers.has(event.name)) writeLine(logger, event);
    if (event.type === 'certificates') writeOnce(logger, event);
  });
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    unsubscribe();
    for (const name of breakers) {
      const left = (claims.get(name) ?? 1) - 1;
      if (left === 0) claims.delete(name);
      else claims.set(name, left);
    }
  };
}

function writeLine(logger: Logger, event: PolicyEvent): void {
  switch (event.type) {
    case 'breaker_transition': {
      const { name, from, to, why } = event;
      const line = { event: 'breaker_transition', breaker: name, from, to, why };
      if (to === 'closed') logger.info(line, `circuit of ${name}: ${from} -> ${to} (${why})`);
      else logger.warn(line, `circuit of ${name}: ${from} -> ${to} (${why})`);
      return;
    }
    case 'certificates': {
      const { name, outcome, why } = event;
      const line = { event: 'certificates', name, outcome, why };
      if (outcome === 'used') logger.info(line, `certificates of ${name}: ${why}, new connections get the new ones`);
      else logger.error(line, `certificates of ${name}: ${why}`);
      return;
    }
    case 'defect': {
      const { path } = event.call.operation;
      logger.error({ event: 'defect', path, err: event.error, ...remoteOf(event.error) }, `handler of ${path} threw`);
      return;
    }
    default:
  }
}

const remoteOf = (error: unknown): object =>
  error instanceof RpcError ? { code: codeName(error.code), target: error.target } : {};
