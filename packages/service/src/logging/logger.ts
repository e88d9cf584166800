import { requireOneOf } from '@breakwater/core';
import { type Logger, pino } from 'pino';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** `false`: no log. A pino logger: that one. Otherwise JSON lines on stdout, level `BREAKWATER_LOG_LEVEL` (default info). @throws ConfigError for an unknown level */
export function loggerFor(given: Logger | false | undefined, service: string): Logger {
  if (given === false) return pino({ enabled: false });
  if (given !== undefined) return given;
  const level = process.env.BREAKWATER_LOG_LEVEL;
  const known = requireOneOf('BREAKWATER_LOG_LEVEL', level === undefined || level === '' ? 'info' : level, LEVELS);
  return pino({ name: service, level: known });
}
