import { ConfigError } from '@breakwater/core';

/** An address that can be connected to. */
export interface HostPort {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

const HOST_PORT = /^(?:\[([0-9a-f:.%\w]+)\]|([^:/?#@\s,[\]]+)):(\d{1,5})$/i;

/** Parses `host:port` or `[ipv6]:port`. @throws ConfigError naming `field`; a port is required, 1 to 65535 */
export function parseHostPort(field: string, text: string): HostPort {
  const [, bracketed, plain, digits] = HOST_PORT.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new ConfigError(field, text, 'host:port with a port from 1 to 65535, such as 127.0.0.1:5000 or [::1]:5000');
  }
  return { host, port };
}
