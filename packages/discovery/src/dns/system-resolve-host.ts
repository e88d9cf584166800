import { lookup, Resolver } from 'node:dns/promises';
import type { ResolveHost } from './resolve-host.js';

/**
 * Asks the operating system (hosts file included), or, with a server, that DNS server for A and AAAA records.
 * Never answers an empty list.
 */
export const systemResolveHost: ResolveHost = async (host, server) => {
  if (server === undefined) return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([server]);
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = [v4, v6].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (found.length > 0) return found;
  // One family without records is usual; the other's answer tells more than "no AAAA".
  throw v4.status === 'rejected' ? v4.reason : (v6 as PromiseRejectedResult).reason;
};
