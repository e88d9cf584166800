import type Consul from 'consul';
import type { CallContext, ConsulSender, PendingAnswer } from '../client/consul-client.js';
import { ConsulError } from '../client/consul-error.js';
import type { Consistency, ServiceQuery } from './service-query.js';

/** One read of `/v1/health/service/:name`. */
export interface ServiceRead {
  readonly body: unknown;
  /** `X-Consul-Index` as received. */
  readonly index: string | undefined;
  /** How long ago the answering server last heard from the leader, ms; 0 when unknown. */
  readonly lastContactMs: number;
  /** True when newer agents say that the token hides part of the answer. */
  readonly filteredByAcl: boolean;
}

/** How to read. */
export interface ReadOptions {
  readonly consistency: Consistency;
  /** Block until the service's index is above this; undefined: answer at once. */
  readonly index: number | undefined;
  /** How long the agent may block, ms. */
  readonly waitMs: number;
  /** Time limit of a read that does not block, ms. */
  readonly timeoutMs: number;
  readonly background: boolean;
}

/** Time that agent and network may take on top of a blocking read, ms. */
const BLOCKING_SLACK_MS = 5_000;

/**
 * Hard limit of one read: an agent may add a sixteenth to the wait by itself, and whatever stays silent longer than that
 * is a dead connection.
 */
export const readLimitMs = ({
  index,
  waitMs,
  timeoutMs,
}: Pick<ReadOptions, 'index' | 'waitMs' | 'timeoutMs'>): number =>
  index === undefined ? timeoutMs : Math.ceil((waitMs * 17) / 16) + BLOCKING_SLACK_MS;

/** Starts a read; see `PendingAnswer`. */
export function readService(client: ConsulSender, query: ServiceQuery, options: ReadOptions): PendingAnswer {
  const { consistency, index, waitMs, background } = options;
  // The types of the client leave out the options common to all reads.
  const parameters = {
    service: query.service,
    ...(query.tag === undefined ? {} : { tag: query.tag }),
    ...(query.dc === undefined ? {} : { dc: query.dc }),
    ...(consistency === 'default' ? {} : { [consistency]: true }),
    ...(index === undefined ? {} : { index: String(index), wait: `${Math.ceil(waitMs)}ms` }),
  };
  const operation = (api: Consul, ctx: CallContext): Promise<unknown> =>
    api.health.service({ ...parameters, ctx } as { service: string });
  return client.send(operation, { timeoutMs: readLimitMs(options), background });
}

/** Reads the headers of an answer. @throws ConsulError, kind `malformed`, when they are not Consul's */
export function toServiceRead({
  body,
  headers,
}: {
  readonly body: unknown;
  readonly headers: NodeJS.Dict<string | string[]>;
}): ServiceRead {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  if (!Array.isArray(body)) {
    const type = header('content-type') ?? 'no content type';
    throw new ConsulError(
      'malformed',
      `the answer is not Consul's (${type} instead of a list of instances); is this really Consul's HTTP port?`,
    );
  }
  const lastContact = Number(header('x-consul-lastcontact') ?? 0);
  return {
    body,
    index: header('x-consul-index'),
    lastContactMs: Number.isFinite(lastContact) ? lastContact : 0,
    filteredByAcl: header('x-consul-results-filtered-by-acls') === 'true',
  };
}
