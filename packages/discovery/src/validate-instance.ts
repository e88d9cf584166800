import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';
import type { Instance } from './registry.js';

/** An instance with every default filled in. */
export interface ValidInstance {
  readonly service: string;
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weight: number;
}

/** Range of weights that every registry can carry. */
export const WEIGHT_RANGE = { min: 0.001, max: 65_535 } as const;

const KEYS = ['service', 'id', 'host', 'port', 'tags', 'meta', 'weight'] as const;
const UNSPECIFIED = new Set(['0.0.0.0', '::', '[::]']);

/**
 * Checks an instance before it is announced, with the rules every registry shares.
 * @throws ConfigError naming the field: no service name, no usable host, no port, weight out of range, text expected
 */
export function validateInstance(instance: Instance): ValidInstance {
  requireKnownKeys('instance', instance, KEYS);
  const service = requireText('instance.service', instance.service, 'a service name');
  const host = requireText('instance.host', instance.host, 'an address that others can reach, such as 10.0.0.5');
  if (UNSPECIFIED.has(host)) {
    throw new ConfigError(
      'instance.host',
      host,
      'an address that others can reach: this one means "all of my own interfaces"',
    );
  }
  if (instance.port === undefined)
    throw new ConfigError('instance.port', instance.port, 'the port the server listens on, 1 to 65535');
  const port = requireNumber('instance.port', instance.port, { min: 1, max: 65_535, integer: true });
  const weight = requireNumber('instance.weight', instance.weight ?? 1, WEIGHT_RANGE);
  const id = requireText(
    'instance.id',
    instance.id ?? `${service}-${host}-${port}`,
    'an identifier that is unique in the service',
  );
  const tags = instance.tags ?? [];
  tags.forEach((tag, index) => requireText(`instance.tags[${index}]`, tag, 'a non-empty text'));
  const meta = instance.meta ?? {};
  for (const [key, value] of Object.entries(meta)) {
    if (typeof value !== 'string') throw new ConfigError(`instance.meta.${key}`, value, 'text');
  }
  return { service, id, host, port, weight, tags: Object.freeze([...tags]), meta: Object.freeze({ ...meta }) };
}

function requireText(field: string, value: unknown, allowed: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw new ConfigError(field, value, allowed);
  return value;
}
