import type { ClientTls } from '@breakwater/rpc';
import { clientPemsOf } from '@breakwater/rpc/transport-kit';
import { RenewablePems } from './renewable-pems.js';

const known = new WeakMap<ClientTls, RenewablePems>();

/** The client's PEMs, one per options object: all connections of a channel share them. @throws ConfigError naming the field */
export function clientPems(tls: ClientTls): RenewablePems {
  let pems = known.get(tls);
  if (pems === undefined) known.set(tls, (pems = new RenewablePems(clientPemsOf(tls))));
  return pems;
}
