import { ConfigError } from '@breakwater/core';

/** A parsed target URI. `consul:///payments?tag=v2` has scheme `consul`, name `payments`, one parameter. */
export interface Target {
  /** The text as it was written; two equal texts share a watch. */
  readonly uri: string;
  readonly scheme: string;
  /** `host:port` between `//` and the third slash; empty for the registry's default. */
  readonly authority: string;
  /** Everything behind the third slash: a service name, or a list of addresses. */
  readonly name: string;
  readonly params: URLSearchParams;
}

const URI = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)\/([^?]*)(?:\?(.*))?$/i;
const HOST_PORT = /^(\[[0-9a-f:.]+\]|[^:/?]+):(\d{1,5})$/i;

/**
 * Parses `scheme://authority/name?params`. A bare `host:port` means `static:///host:port`.
 * @throws ConfigError for anything else, with examples
 */
export function parseTarget(text: string): Target {
  const uri = HOST_PORT.test(text) ? `static:///${text}` : text;
  const match = URI.exec(uri);
  const [, scheme, authority, name, query] = match ?? [];
  if (scheme === undefined || name === undefined || name === '') {
    throw new ConfigError(
      'target',
      text,
      'a URI such as consul:///payments, static:///127.0.0.1:5000, dns:///host:5000, or host:port',
    );
  }
  return {
    uri,
    scheme: scheme.toLowerCase(),
    authority: authority ?? '',
    name: decodeURIComponent(name),
    params: new URLSearchParams(query ?? ''),
  };
}
