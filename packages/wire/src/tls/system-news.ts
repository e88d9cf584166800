import type { PolicyEvents } from '@breakwater/core';
import type { PemNews } from './renewable-pems.js';

/** Tells of renewed key material as an event. A refusal that nobody listens for is a warning of the process: it ends in an outage. */
export function tellOfPems(events: PolicyEvents, name: string, { outcome, why }: PemNews): void {
  if (events.listening) events.emit({ type: 'certificates', policy: 'tls', name, outcome, why });
  else if (outcome === 'refused') {
    process.emitWarning(`the certificates of ${name}: ${why}`, { code: 'BREAKWATER_CERTIFICATES' });
  }
}
