import { codeName, type PolicyEvent, type PolicyEvents, RpcError } from '@breakwater/core';
import type { Logger } from 'pino';

/**
 * Writes the policy events that an operator wants a line for: breaker transitions and defects. Rejections and retries are
 * counted by whoever counts; a line each would be the overload's second half.
 * @returns a function that ends it
 */
export const logPolicyEvents = (events: PolicyEvents, logger: Logger): (() => void) =>
  events.subscribe((event) => writeLine(logger, event));

function writeLine(logger: Logger, event: PolicyEvent): void {
  switch (event.type) {
    case 'breaker_transition': {
      const { name, from, to, why } = event;
      const line = { event: 'breaker_transition', breaker: name, from, to, why };
      if (to === 'closed') logger.info(line, `circuit of ${name}: ${from} -> ${to} (${why})`);
      else logger.warn(line, `circuit of ${name}: ${from} -> ${to} (${why})`);
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
