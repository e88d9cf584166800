import { requireOneOf } from '@breakwater/core';
import { destination, type Logger, pino } from 'pino';

const STDOUT = 1;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** `false`: no log. A pino logger: that one. Otherwise JSON lines on stdout, level `BREAKWATER_LOG_LEVEL` (default info). @throws ConfigError for an unknown level */
export function loggerFor(given: Logger | false | undefined, service: string): Logger {
  if (given === false) return pino({ enabled: false });
  if (given !== undefined) return given;
  const level = process.env.BREAKWATER_LOG_LEVEL;
  const known = requireOneOf('BREAKWATER_LOG_LEVEL', level === undefined || level === '' ? 'info' : level, LEVELS);
  // Not pino's default, which writes behind its own back: at the exit of a process whose reader has gone, what it still holds
  // is tried for ever (sonic-boom 4.2.1, flushSync on EPIPE), and no signal but SIGKILL ends that. It also loses last lines.
  return pino({ name: service, level: known }, destination({ fd: STDOUT, sync: true }));
}
