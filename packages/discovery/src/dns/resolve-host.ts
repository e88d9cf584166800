/**
 * Addresses of a host name: IPv4 and IPv6, in the order to use.
 * Rejects with an error whose `code` is `ENOTFOUND` or `ENODATA` when the name has none; any other rejection means
 * that DNS could not be asked.
 */
export type ResolveHost = (host: string, server: string | undefined) => Promise<readonly string[]>;
