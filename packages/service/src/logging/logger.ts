import { type Logger, pino } from 'pino';

/** `false`: no log. A pino logger: that one. Otherwise JSON lines on stdout, level `BREAKWATER_LOG_LEVEL` (default info). */
export function loggerFor(given: Logger | false | undefined, service: string): Logger {
  if (given === false) return pino({ enabled: false });
  if (given !== undefined) return given;
  return pino({ name: service, level: process.env.BREAKWATER_LOG_LEVEL ?? 'info' });
}
