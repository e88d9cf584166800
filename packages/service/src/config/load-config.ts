import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { ConfigError } from '@breakwater/core';
import type { Config } from './config.js';
import { type ConfigValue, sourceKey } from './config-values.js';
import { type Environment, readEnvironment } from './read-environment.js';
import { readConfigText } from './read-file.js';

export interface LoadConfigOptions {
  /** YAML (`.yaml`, `.yml`) or JSON (`.json`). Default: BREAKWATER_CONFIG of `env`; none when that is not set either. */
  readonly file?: string | undefined;
  /** Default: the environment of the process. */
  readonly env?: Environment | undefined;
}

/**
 * Reads and checks what file and environment say, completely: also of services and targets that this process has not.
 * Rules that bind two settings are checked when they meet, in `createService`, `createClient` and `describeConfig`.
 *
 * @throws ConfigError for a file that cannot be read or is not YAML or JSON, unknown names (with the nearest known one),
 * and values out of range; the message begins with `file:line:column` or names the variable
 */
export function loadConfig({ file, env = process.env }: LoadConfigOptions = {}): Config {
  const fromEnvironment = readEnvironment(env);
  const path = file ?? (env.BREAKWATER_CONFIG === '' ? undefined : env.BREAKWATER_CONFIG);
  const fromFile = path === undefined ? [] : readConfigFile(path, file === undefined ? 'BREAKWATER_CONFIG' : 'file');
  const services: Record<string, object> = Object.create(null) as Record<string, object>;
  const clients: Record<string, object> = Object.create(null) as Record<string, object>;
  const environment = { service: {}, client: {} };
  const sources = new Map<string, string>();
  for (const value of [...fromFile, ...fromEnvironment]) {
    const sections = value.side === 'service' ? services : clients;
    const section = value.name === undefined ? environment[value.side] : (sections[value.name] ??= {});
    place(section, value);
    sources.set(sourceKey(value), value.source);
  }
  return Object.freeze({
    services,
    clients,
    environment,
    sources,
  });
}

function readConfigFile(file: string, field: string): readonly ConfigValue[] {
  const extension = extname(file).toLowerCase();
  if (!['.yaml', '.yml', '.json'].includes(extension))
    throw new ConfigError(field, file, 'a file that ends in .yaml, .yml or .json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw ConfigError.rule(
      field,
      file,
      `${field} is ${JSON.stringify(file)}, which cannot be read: ${(error as Error).message}`,
    );
  }
  return readConfigText(file, text, extension === '.json' ? 'json' : 'yaml');
}

function place(section: object, { method, path, value }: ConfigValue): void {
  const keys = method === undefined ? path.split('.') : ['methods', method, ...path.split('.').slice(1)];
  let object = section as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    const inner = object[key];
    const next = typeof inner === 'object' && inner !== null ? inner : {};
    object[key] = next;
    object = next as Record<string, unknown>;
  }
  const last = keys.at(-1) ?? '';
  // `retry: {}` says only that the policy is on: what is said of its settings stands.
  if (isEmptyObject(value) && typeof object[last] === 'object' && object[last] !== null) return;
  object[last] = value;
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
