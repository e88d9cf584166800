import { type Code, codeName, ConfigError } from '@breakwater/core';
import type { ClientOptions } from '../client/client-options.js';
import type { ServiceOptions } from '../server/create-service.js';
import { processConfig } from './apply.js';
import { checkAttemptTimeout, resolveGroup } from './check-merged.js';
import type { Config } from './config.js';
import { type FlatSettings, mergeLayers, settingsOfMethod, type Sourced } from './layers.js';
import { variableOf } from './read-environment.js';
import { layersOf } from './sections.js';
import { join, rangeOf, SETTING_GROUPS, type SettingGroup, type Side } from './settings.js';

/** What is to be described: a service, or a client by its target. */
export interface DescribeConfigOptions {
  /** The name of a service; for one in this process, its options show what the code sets. */
  readonly service?: string | ServiceOptions | undefined;
  readonly target?: string | undefined;
  /** What the code gives to `createClient` for `target`. */
  readonly clientOptions?: ClientOptions | undefined;
  /** The values for one method, by name or path, instead of those for all. */
  readonly method?: string | undefined;
  /** Default: that of the process. */
  readonly config?: Config | undefined;
}

/** One effective value. */
export interface DescribedSetting {
  /** Such as `policies.retry.maxAttempts`; a policy that is off has one line, `policies.rateLimit`. */
  readonly path: string;
  /** `undefined`: not set; `false`: off. */
  readonly value: unknown;
  readonly default: unknown;
  /** `default`, `code`, `breakwater.yaml:7:15`, or a variable. */
  readonly source: string;
  /** Completes "must be ...". */
  readonly allowed: string;
  /** The variable that sets it for the whole process. */
  readonly variable: string;
}

export interface ConfigDescription {
  readonly side: Side;
  /** The service's name, or the target. */
  readonly name: string;
  readonly method: string | undefined;
  readonly settings: readonly DescribedSetting[];
  /** Settings that contradict each other: the service or client could not be made. */
  readonly contradictions: readonly ConfigError[];
}

/**
 * Every setting of a service or a client with its effective value, its default and where the value comes from.
 * Without `service` and `target`: of a client whose target the file does not mention.
 * @throws ConfigError when file or environment are broken
 */
export function describeConfig(options: DescribeConfigOptions = {}): ConfigDescription {
  const { service, target, method } = options;
  if (service !== undefined && target !== undefined) {
    throw ConfigError.rule(
      'target',
      target,
      'service and target are both given, but one thing is described at a time: remove one',
    );
  }
  const side: Side = service === undefined ? 'client' : 'service';
  const code = typeof service === 'object' ? service : (options.clientOptions ?? {});
  const name = typeof service === 'object' ? service.name : (service ?? target ?? 'default');
  const config = options.config ?? code.config ?? processConfig();
  const scoped = mergeLayers(side, layersOf(side, name, code, config));
  const flat = method === undefined ? scoped.all : settingsOfMethod(scoped, namesOf(method, scoped.methods.keys()));
  const contradictions: ConfigError[] = [];
  const settings = SETTING_GROUPS.filter(
    (group) => group.side === side && (method === undefined || group.path.startsWith('policies.')),
  ).flatMap((group) => describeGroup(group, flat, contradictions));
  if (side === 'client') collect(contradictions, () => checkAttemptTimeout(flat, false));
  return Object.freeze({ side, name, method, settings, contradictions });
}

/** A bare name finds the settings of the one method that the configuration calls by its path. */
function namesOf(method: string, known: Iterable<string>): readonly string[] {
  const bare = method.slice(method.indexOf('/') + 1);
  if (bare !== method) return [method, bare];
  return [method, ...[...known].filter((name) => name.endsWith(`/${method}`))];
}

function describeGroup(
  group: SettingGroup,
  flat: FlatSettings,
  contradictions: ConfigError[],
): readonly DescribedSetting[] {
  const resolved = collect(contradictions, () => resolveGroup(group, flat));
  if (resolved === 'failed')
    return lines(group, flat, (key, given) => (given === undefined ? group.defaults[key] : given.value));
  if (resolved !== undefined) return lines(group, flat, (key) => resolved[key]);
  if (group.policy === undefined) return [];
  const said = flat.get(group.path);
  return [
    {
      path: group.path,
      value: false,
      default: group.policy.on,
      source: said?.source ?? 'default',
      allowed: 'an object with settings, or false to turn it off',
      variable: variableOf(group),
    },
  ];
}

function lines(
  group: SettingGroup,
  flat: FlatSettings,
  valueOf: (key: string, given: Sourced | undefined) => unknown,
): readonly DescribedSetting[] {
  return Object.keys(group.defaults).map((key) => {
    const path = join(group.path, key);
    const given = flat.get(path);
    const setting = {
      side: group.side,
      path,
      key,
      group,
      type: group.types[key] ?? 'number',
      default: group.defaults[key],
      perMethod: false,
    } as const;
    return {
      path,
      value: readable(key, valueOf(key, given)),
      default: readable(key, group.defaults[key]),
      source: given?.source ?? 'default',
      allowed: rangeOf(setting),
      variable: variableOf(setting),
    };
  });
}

/** Status codes by their names. */
const readable = (key: string, value: unknown): unknown =>
  key === 'retryableCodes' && Array.isArray(value)
    ? value.map((code: Code | string) => (typeof code === 'number' ? codeName(code) : code))
    : value;

function collect<T>(into: ConfigError[], work: () => T): T | 'failed' {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    into.push(error);
    return 'failed';
  }
}
