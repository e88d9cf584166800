import { ConfigError } from '@breakwater/core';

/** Where a Consul agent listens. */
export interface ConsulAddress {
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` for messages. */
  readonly text: string;
}

const ALLOWED = "an agent's address such as http://127.0.0.1:8500, https://consul.internal:8501 or 127.0.0.1:8500";

/** Parses `http://host:port`, `https://host:port` or `host:port`; the port defaults to 8500 (8501 with TLS). @throws ConfigError naming `field` */
export function parseConsulAddress(field: string, value: string): ConsulAddress {
  if (typeof value !== 'string' || value.trim() === '') throw new ConfigError(field, value, ALLOWED);
  const trimmed = value.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') throw new ConfigError(field, value, ALLOWED);
  let url: URL;
  try {
    url = new URL(scheme === undefined ? `http://${trimmed}` : trimmed);
  } catch {
    throw new ConfigError(field, value, ALLOWED);
  }
  if (url.hostname === '' || (url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') {
    throw new ConfigError(field, value, `${ALLOWED}; no path or query behind it`);
  }
  if (url.username !== '' || url.password !== '')
    throw new ConfigError(field, '(hidden)', `${ALLOWED}; a token goes into the option token`);
  // URL drops a port that is the scheme's own default.
  const written = /:(\d+)\/?$/.exec(trimmed.replace(/^.*\]/, ''))?.[1];
  const secure = scheme === 'https';
  const port = Number(written ?? (secure ? 8501 : 8500));
  if (port < 1) throw new ConfigError(field, value, `${ALLOWED}; ports are 1 to 65535`);
  return { secure, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, text: `${url.hostname}:${port}` };
}
