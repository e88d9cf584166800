import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import type { ClientTls } from '@breakwater/rpc';
import { clientContext } from './pem.js';

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

/** Credentials for a grpc-js channel; adds to `options` what grpc-js reads from there. @throws ConfigError for unusable PEMs */
export function channelCredentials({ tls, name }: ClientSecurity, options: ChannelOptions): ChannelCredentials {
  options['grpc.ssl_target_name_override'] = sniOf(name);
  return credentials.createFromSecureContext(clientContext(tls), {
    checkServerIdentity: (_sni, certificate) => checkServerIdentity(name, certificate),
  });
}
