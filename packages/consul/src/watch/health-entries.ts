import type { Endpoint, EndpointHealth } from '@breakwater/discovery';
import { ConsulError } from '../client/consul-error.js';

/** Keys of Meta that carry what Consul has no field for. Stripped from the endpoint's `meta`. */
export const WEIGHT_META = 'breakwater-weight';
export const GENERATION_META = 'breakwater-generation';

interface Entry {
  readonly Node?: { readonly Node?: unknown; readonly Address?: unknown };
  readonly Service?: {
    readonly ID?: unknown;
    readonly Address?: unknown;
    readonly Port?: unknown;
    readonly Tags?: unknown;
    readonly Meta?: unknown;
    readonly Weights?: { readonly Passing?: unknown; readonly Warning?: unknown } | null;
    readonly CreateIndex?: unknown;
  };
  readonly Checks?: unknown;
}

/**
 * The endpoints of a `/v1/health/service` answer. Instances without an address or a possible port cannot be called and are left out.
 * @param passingOnly treats `warning` as `critical`
 * @throws ConsulError, kind `malformed`, when the body is not what Consul sends
 */
export function toEndpoints(body: unknown, passingOnly: boolean): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const entry of toEntries(body)) {
    const service = entry?.Service;
    if (typeof service !== 'object' || service === null || typeof service.ID !== 'string')
      throw notConsul('an instance without Service.ID');
    const host = text(service.Address) ?? text(entry?.Node?.Address);
    const port = service.Port;
    if (host === undefined || !isPort(port)) continue;
    const reported = worst(entry?.Checks);
    const { meta, weight, generation } = splitMeta(service.Meta);
    endpoints.push({
      // Instance ids are unique per node only.
      id: `${service.ID}@${text(entry?.Node?.Node) ?? host}`,
      host,
      port,
      health: passingOnly && reported === 'warning' ? 'critical' : reported,
      weight: weight ?? consulWeight(service.Weights, reported),
      tags: Array.isArray(service.Tags) ? service.Tags.filter((tag): tag is string => typeof tag === 'string') : [],
      meta,
      generation: `${generation}/${typeof service.CreateIndex === 'number' ? service.CreateIndex : ''}`,
    });
  }
  return endpoints;
}

/** The health of every instance in such an answer, also of those that cannot be called. @throws ConsulError as `toEndpoints` */
export const toHealths = (body: unknown): readonly EndpointHealth[] =>
  toEntries(body).map((entry) => worst(entry?.Checks));

function toEntries(body: unknown): readonly (Entry | null)[] {
  if (!Array.isArray(body)) throw notConsul('no list of instances');
  return body as readonly (Entry | null)[];
}

const notConsul = (what: string): ConsulError =>
  new ConsulError('malformed', `the answer is not Consul's (${what}); is this really Consul's HTTP port?`);

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function worst(checks: unknown): EndpointHealth {
  if (!Array.isArray(checks)) return 'passing';
  const statuses = checks.map((check: { readonly Status?: unknown } | null) => check?.Status);
  if (statuses.some((status) => status !== 'passing' && status !== 'warning')) return 'critical';
  return statuses.includes('warning') ? 'warning' : 'passing';
}

function splitMeta(value: unknown): { meta: Record<string, string>; weight: number | undefined; generation: string } {
  const meta: Record<string, string> = {};
  let weight: number | undefined;
  let generation = '';
  for (const [key, item] of Object.entries(typeof value === 'object' && value !== null ? value : {})) {
    if (typeof item !== 'string') continue;
    if (key === WEIGHT_META) weight = positive(Number(item));
    else if (key === GENERATION_META) generation = item;
    else meta[key] = item;
  }
  return { meta, weight, generation };
}

/** Weights of instances that others registered. */
function consulWeight(
  weights: { readonly Passing?: unknown; readonly Warning?: unknown } | null | undefined,
  health: EndpointHealth,
): number {
  return positive(Number(health === 'warning' ? weights?.Warning : weights?.Passing)) ?? 1;
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;

const positive = (value: number): number | undefined => (Number.isFinite(value) && value > 0 ? value : undefined);
