import { checkServerIdentity } from 'node:tls';
import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { clientContext, sniOf, type ClientSecurity } from '@breakwater/rpc/transport-kit';

/** Credentials for a grpc-js channel; adds to `options` what grpc-js reads from there. @throws ConfigError for unusable PEMs */
export function channelCredentials({ tls, name }: ClientSecurity, options: ChannelOptions): ChannelCredentials {
  options['grpc.ssl_target_name_override'] = sniOf(name);
  return credentials.createFromSecureContext(clientContext(tls), {
    checkServerIdentity: (_sni, certificate) => checkServerIdentity(name, certificate),
  });
}
