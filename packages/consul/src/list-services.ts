import type { ServiceSummary } from '@breakwater/discovery';
import type { ConsulClient } from './client/consul-client.js';
import { ConsulError } from './client/consul-error.js';
import { toHealths } from './watch/health-entries.js';
import { readService } from './watch/read-service.js';

/** Reads of single services under way at once; an agent takes 200 connections per client. */
const PARALLEL_READS = 8;

/** The services of a datacenter with their tags, by name. Rejects with a `ConsulError`. */
export async function catalog(
  client: ConsulClient,
  timeoutMs: number,
  dc?: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const parameters = { stale: true, ...(dc === undefined ? {} : { dc }) };
  const { answer } = client.send((api, ctx) => api.catalog.service.list({ ...parameters, ctx } as unknown as string), {
    timeoutMs,
  });
  const { body } = await answer;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ConsulError(
      'malformed',
      `${client.address.text} answered with something that is no catalog; is this really Consul's HTTP port?`,
    );
  }
  return new Map(
    Object.entries(body).map(([name, tags]) => [name, Array.isArray(tags) ? tags.map(String).sort() : []]),
  );
}

/** The names alone. */
export const serviceNames = async (
  client: ConsulClient,
  timeoutMs: number,
  dc?: string,
): Promise<readonly string[]> => [...(await catalog(client, timeoutMs, dc)).keys()];

/** One line per service, sorted by name; `passing` of `total` instances. Rejects with a `ConsulError`. */
export async function listServices(
  client: ConsulClient,
  timeoutMs: number,
  dc?: string,
): Promise<readonly ServiceSummary[]> {
  const waiting = [...(await catalog(client, timeoutMs, dc))].sort(([a], [b]) => (a < b ? -1 : 1));
  const summaries = new Map<string, ServiceSummary>();
  const names = waiting.map(([name]) => name);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, tags] = next;
      const query = { service: name, tag: undefined, dc, passingOnly: false };
      const read = readService(client, query, {
        consistency: 'stale',
        index: undefined,
        waitMs: 0,
        timeoutMs,
        background: false,
      });
      const healths = toHealths((await read.answer).body);
      summaries.set(name, {
        name,
        tags,
        passing: healths.filter((health) => health === 'passing').length,
        total: healths.length,
      });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_READS }, worker));
  return names.flatMap((name) => summaries.get(name) ?? []);
}
