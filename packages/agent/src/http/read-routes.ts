import type { Catalog } from '../catalog/catalog.js';
import type { BlockingReads } from './blocking.js';
import { HttpError } from './http-error.js';
import { catalogEntry, checkShape, healthEntry, type Node } from './json-shapes.js';
import type { Request, Routes } from './router.js';

/** `/v1/health/...`, `/v1/catalog/...` and `/v1/status/...`: reads, all of which can block. */
export function readRoutes(catalog: Catalog, reads: BlockingReads, node: Node, address: () => string): Routes {
  const service = (request: Request): string => {
    if (request.argument === '') throw new HttpError(400, 'Missing service name');
    return request.argument;
  };
  const carries = (request: Request, tags: readonly string[]): boolean =>
    request.query
      .getAll('tag')
      .every((tag) => tag === '' || tags.some((one) => one.toLowerCase() === tag.toLowerCase()));
  return {
    'GET /v1/health/service/:name': (request) => {
      const name = service(request);
      const passingOnly = parsePassing(request.query.get('passing'));
      const body = (): unknown =>
        catalog
          .entriesOf(name)
          .filter((entry) => carries(request, entry.service.tags))
          .filter(({ checks }) => !passingOnly || checks.every((check) => check.status === 'passing'))
          .map((entry) => healthEntry(node, entry));
      return reads.answer(request, () => catalog.indexOf(name), body);
    },
    'GET /v1/health/checks/:name': (request) => {
      const name = service(request);
      const body = (): unknown =>
        catalog.entriesOf(name).flatMap((entry) => entry.checks.map((check) => checkShape(node, check, entry.service)));
      return reads.answer(request, () => catalog.indexOf(name), body);
    },
    'GET /v1/health/state/:state': (request) => {
      const body = (): unknown =>
        catalog.allChecks
          .filter((check) => request.argument === 'any' || check.status === request.argument)
          .map((check) => checkShape(node, check, catalog.service(check.serviceId)));
      return reads.answer(request, () => catalog.index, body);
    },
    'GET /v1/catalog/services': (request) =>
      reads.answer(
        request,
        () => catalog.listIndex,
        () => tagsByName(catalog),
      ),
    'GET /v1/catalog/service/:name': (request) => {
      const name = service(request);
      const body = (): unknown =>
        catalog
          .entriesOf(name)
          .filter((entry) => carries(request, entry.service.tags))
          .map((entry) => catalogEntry(node, entry.service));
      return reads.answer(request, () => catalog.indexOf(name), body);
    },
    'GET /v1/status/leader': () => ({ body: address() }),
    'GET /v1/status/peers': () => ({ body: [address()] }),
  };
}

function parsePassing(value: string | null): boolean {
  if (value === null) return false;
  // `?passing` alone means true.
  if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new HttpError(400, 'Invalid value for ?passing');
}

function tagsByName(catalog: Catalog): Readonly<Record<string, readonly string[]>> {
  const tags = new Map<string, Set<string>>();
  for (const service of catalog.allServices) {
    const known = tags.get(service.name) ?? new Set();
    for (const tag of service.tags) known.add(tag);
    tags.set(service.name, known);
  }
  return Object.fromEntries([...tags].map(([name, known]) => [name, [...known].sort()]));
}
