import { isIP } from 'node:net';
import type { ClientTls } from '../transport/tls.js';

/** TLS of one connection: the PEMs and the name that the certificate must carry. */
export interface ClientSecurity {
  readonly tls: ClientTls;
  readonly name: string;
}

/** The name to verify: `tls.serverName`, else the authority without its port. */
export function tlsName(tls: ClientTls, authority: string): string {
  if (tls.serverName !== undefined) return tls.serverName;
  const match = /^\[([^\]]+)\](?::\d+)?$|^([^:]+)(?::\d+)?$/.exec(authority);
  return match?.[1] ?? match?.[2] ?? authority;
}

/** TLS does not allow an address as server name indication; the certificate is verified against the address all the same. */
export const sniOf = (name: string): string => (isIP(name) === 0 ? name : 'localhost');
