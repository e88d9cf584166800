import type { Status } from '@breakwater/core';
import type { Endpoint, EndpointSet } from './endpoint.js';

/** Whether two sets say the same to whoever watches; order of the endpoints does not matter. */
export function sameEndpointSet(a: EndpointSet, b: EndpointSet): boolean {
  if (a === b) return true;
  return a.stale === b.stale && sameStatus(a.unavailable, b.unavailable) && sameEndpoints(a.endpoints, b.endpoints);
}

/** Whether two lists hold equal endpoints, in any order. */
export function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  if (a.length !== b.length) return false;
  const byId = new Map(a.map((endpoint) => [endpoint.id, endpoint]));
  return b.every((endpoint) => {
    const other = byId.get(endpoint.id);
    return other !== undefined && sameEndpoint(other, endpoint);
  });
}

/** Whether two endpoints are equal in every field. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a === b ||
    (a.id === b.id &&
      a.host === b.host &&
      a.port === b.port &&
      a.health === b.health &&
      a.weight === b.weight &&
      a.generation === b.generation &&
      sameTags(a.tags, b.tags) &&
      sameMeta(a.meta, b.meta))
  );
}

/** A frozen copy, so that a set can be handed to anybody. */
export function freezeEndpointSet(set: EndpointSet): EndpointSet {
  for (const endpoint of set.endpoints) freezeEndpoint(endpoint);
  return Object.freeze({ ...set, endpoints: Object.freeze([...set.endpoints]) });
}

/** `host:port`, with brackets around an IPv6 address. */
export const formatAddress = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function freezeEndpoint(endpoint: Endpoint): void {
  if (Object.isFrozen(endpoint)) return;
  Object.freeze(endpoint.tags);
  Object.freeze(endpoint.meta);
  Object.freeze(endpoint);
}

const sameTags = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((tag, index) => tag === b[index]);

function sameMeta(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

const sameStatus = (a: Status | undefined, b: Status | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.code === b.code && a.reason === b.reason && a.details === b.details);
