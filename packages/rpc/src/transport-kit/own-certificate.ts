import { X509Certificate } from 'node:crypto';
import type { Clock } from '@breakwater/core';
import type { Pem } from '../transport/tls.js';
import { readPem } from './pem.js';
import { formatDay, parseDate } from './system-dates.js';

/** What can be said of the certificate that this client shows. */
export interface OwnCertificate {
  /** `of CN=orders, signed by CN=Acme authority`; empty when it cannot be read any more. */
  readonly who: string;
  /** Why no server takes it, such as `has expired on 2020-02-01`; undefined while nothing is wrong with it in itself. */
  readonly problem: string | undefined;
}

/**
 * A server that refuses a client certificate often just closes the connection. What is known of the certificate here is
 * then all there is to go by. Never throws.
 */
export function ownCertificate(cert: Pem, clock: Clock): OwnCertificate {
  try {
    const { subject, issuer, validFrom, validTo } = new X509Certificate(readPem('tls.cert', cert));
    const who = `of ${oneLine(subject)}, signed by ${oneLine(issuer)}`;
    const now = clock.wallNow();
    const [from, to] = [parseDate(validFrom), parseDate(validTo)];
    if (to < now) return { who, problem: `has expired on ${formatDay(to)}` };
    return { who, problem: from > now ? `is not valid before ${formatDay(from)}` : undefined };
  } catch {
    return { who: '', problem: undefined };
  }
}

/** Node writes one part of a name per line. */
const oneLine = (name: string): string => name.split('\n').join(', ');
