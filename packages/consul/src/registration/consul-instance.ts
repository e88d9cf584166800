import { ConfigError } from '@breakwater/core';
import { validateInstance, type Instance, type ValidInstance } from '@breakwater/discovery';
import { GENERATION_META, WEIGHT_META } from '../watch/health-entries.js';

/** Consul's own limits on Meta. */
const MAX_PAIRS = 64;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 512;
const OWN_PAIRS = 2;

/**
 * Checks an instance against Consul's rules too, before the agent is asked.
 * @throws ConfigError naming the field that Consul would refuse
 */
export function validateConsulInstance(instance: Instance): ValidInstance {
  const valid = validateInstance(instance);
  if (valid.service.includes('/')) throw new ConfigError('instance.service', valid.service, 'a name without a slash');
  const pairs = Object.entries(valid.meta);
  if (pairs.length > MAX_PAIRS - OWN_PAIRS) {
    throw ConfigError.rule(
      'instance.meta',
      pairs.length,
      `instance.meta has ${pairs.length} pairs; Consul leaves room for ${MAX_PAIRS - OWN_PAIRS}`,
    );
  }
  for (const [key, value] of pairs) {
    const field = `instance.meta.${key}`;
    if (!/^[A-Za-z0-9_-]+$/.test(key) || key.length > MAX_KEY_LENGTH) {
      throw ConfigError.rule(field, value, `${field}: keys are 1 to ${MAX_KEY_LENGTH} letters, digits, - and _`);
    }
    if (/^(consul|breakwater)-/.test(key))
      throw ConfigError.rule(field, value, `${field}: keys that begin with consul- or breakwater- are reserved`);
    if (Buffer.byteLength(value) > MAX_VALUE_LENGTH)
      throw new ConfigError(field, value, `at most ${MAX_VALUE_LENGTH} bytes`);
  }
  return valid;
}

/** How the agent learns that an instance is alive. */
export type InstanceCheck =
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  | {
      readonly kind: 'grpc';
      readonly service: string;
      readonly tls: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    };

/** Id of the one check of an instance: the name that Consul would give it by itself. */
export const checkIdOf = (instanceId: string): string => `service:${instanceId}`;

/** The parameters of the client's `agent.service.register`, which drops weights: they travel in Meta. */
export function toRegistration(
  instance: ValidInstance,
  check: InstanceCheck,
  deregisterCriticalAfterMs: number,
  generation: string,
): object {
  const address = instance.host.includes(':')
    ? `[${instance.host}]:${instance.port}`
    : `${instance.host}:${instance.port}`;
  const probe =
    check.kind === 'ttl'
      ? { ttl: duration(check.ttlMs) }
      : {
          grpc: check.service === '' ? address : `${address}/${check.service}`,
          grpcusetls: check.tls,
          interval: duration(check.intervalMs),
          timeout: duration(check.timeoutMs),
        };
  return {
    name: instance.service,
    id: instance.id,
    address: instance.host,
    port: instance.port,
    tags: instance.tags,
    meta: { ...instance.meta, [WEIGHT_META]: String(instance.weight), [GENERATION_META]: generation },
    check: {
      ...probe,
      checkid: checkIdOf(instance.id),
      name: `${instance.service} (${check.kind})`,
      // The server is serving when it registers: it need not wait for the first beat or probe.
      status: 'passing',
      deregistercriticalserviceafter: duration(deregisterCriticalAfterMs),
    },
  };
}

const duration = (ms: number): string => `${Math.ceil(ms)}ms`;
