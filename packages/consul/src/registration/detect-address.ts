import { networkInterfaces } from 'node:os';

/** One address of a network interface. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

const UNSPECIFIED = new Set(['', '0.0.0.0', '::', '[::]', '*']);

/**
 * The address to announce for a server: the one it is bound to, when that is a definite one (also loopback); else the
 * machine's first non-internal IPv4 address, else its first global IPv6 address, else 127.0.0.1.
 */
export function detectAddress(
  boundTo?: string,
  interfaces: NodeJS.Dict<readonly InterfaceAddress[]> = networkInterfaces(),
): string {
  if (boundTo !== undefined && !UNSPECIFIED.has(boundTo)) return boundTo;
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address));
  return outside.find(({ family }) => family === 'IPv4')?.address ?? outside[0]?.address ?? '127.0.0.1';
}
