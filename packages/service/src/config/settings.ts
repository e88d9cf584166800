import {
  ConfigError,
  MAX_TIMEOUT_MS,
  type NumberRange,
  requireKnownKeys,
  requireNumber,
  requireOneOf,
} from '@breakwater/core';
import { WEIGHT_RANGE } from '@breakwater/discovery';
import {
  BULKHEAD_DEFAULTS,
  CIRCUIT_BREAKER_DEFAULTS,
  DEADLINE_DEFAULTS,
  FALLBACK_DEFAULTS,
  resolveBulkhead,
  resolveCircuitBreaker,
  resolveDeadline,
  resolveFallback,
  resolveRateLimit,
  resolveRetry,
  resolveRetryBudget,
  resolveTimeout,
  RETRY_BUDGET_DEFAULTS,
  RETRY_DEFAULTS,
} from '@breakwater/resilience';
import { clientLimits, DEFAULT_CLIENT_LIMITS, DEFAULT_SERVER_LIMITS, serverLimits } from '@breakwater/rpc';
import { DEFAULT_TRANSPORT, TRANSPORT_NAMES } from '../transports.js';
import { LIFECYCLE_DEFAULTS, resolveLifecycle } from '../lifecycle/lifecycle-options.js';

/** Who the setting is for: `services.*` and BREAKWATER_SERVICE_*, or `clients.*` and BREAKWATER_CLIENT_*. */
export type Side = 'service' | 'client';

/** How a value is written: decides how text from the environment is read. */
export type SettingType = 'number' | 'text' | 'flag' | 'list';

/** Settings that stand together in one object and are checked by one function. */
export interface SettingGroup {
  readonly side: Side;
  /** Where the object stands, such as `policies.retry`; empty for the side itself. */
  readonly path: string;
  /** The settings with their defaults; `undefined`: none, the setting is off until it is given. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Fills in and checks, ranges and rules between the settings. @throws ConfigError with paths under `field` */
  readonly resolve: (given: Readonly<Record<string, unknown>>, field: string) => Readonly<Record<string, unknown>>;
  /** Settings that are not numbers. */
  readonly types: Readonly<Record<string, SettingType>>;
  /** Settings for which Infinity or null (none) is legal. */
  readonly open: Readonly<Record<string, 'infinity' | 'null'>>;
  /** What has to be set beside a setting so that its range can be checked by itself. */
  readonly beside: Readonly<Record<string, object>>;
  /** Policies only: whether it acts when nobody mentions it, and whether `false` turns it off. */
  readonly policy: { readonly on: boolean; readonly canBeOff: boolean } | undefined;
}

/** One value that can be configured from outside. */
export interface Setting {
  readonly side: Side;
  /** Such as `policies.retry.maxAttempts`. */
  readonly path: string;
  readonly key: string;
  readonly group: SettingGroup;
  readonly type: SettingType;
  readonly default: unknown;
  /** Can be given for one method: everything under `policies`. */
  readonly perMethod: boolean;
}

const DURATION: NumberRange = { min: 1, max: MAX_TIMEOUT_MS };
const GRACE: NumberRange = { min: 0, max: MAX_TIMEOUT_MS };
const PORT: NumberRange = { min: 0, max: 65_535, integer: true };
const PICKERS = ['least_in_flight', 'round_robin'] as const;
const NO_LIMITS: SettingGroup['open'] = {
  keepaliveTimeMs: 'infinity',
  maxConnectionAgeMs: 'infinity',
  maxConnectionAgeGraceMs: 'infinity',
  maxConnectionIdleMs: 'infinity',
};
const NO_TOTAL: SettingGroup['open'] = { timeoutMs: 'null', streamTimeoutMs: 'null' };
const BULKHEAD_BESIDE = { queueTimeoutMs: { queue: 1 } };
const RATE = {
  defaults: { perSecond: undefined, burst: undefined, maxKeys: undefined },
  beside: { burst: { perSecond: 1 }, maxKeys: { perSecond: 1, key: () => '' } },
};
const TIMEOUT = { timeoutMs: undefined };
const ON = { on: true, canBeOff: true };
const OFF = { on: false, canBeOff: true };

type Given = Readonly<Record<string, unknown>>;
type Rest = Partial<Pick<SettingGroup, 'types' | 'open' | 'beside' | 'policy'>>;

/** The functions of other packages take option types of their own and check whatever they are given: that is their job here. */
function group<O, D extends object>(
  side: Side,
  path: string,
  defaults: D,
  resolve: (given: O, field: string) => object,
  rest: Rest = {},
): SettingGroup {
  return {
    side,
    path,
    defaults: defaults as Given,
    resolve: (given, field) => resolve(given as O, field) as Given,
    types: rest.types ?? {},
    open: rest.open ?? {},
    beside: rest.beside ?? {},
    policy: rest.policy,
  };
}

/** Every setting there is, in the order in which they are shown: policies outermost first. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  group(
    'service',
    '',
    {
      host: '127.0.0.1',
      port: 0,
      tags: Object.freeze([]),
      weight: 1,
      reflection: true,
      transport: DEFAULT_TRANSPORT,
    },
    resolveServiceBasics,
    {
      types: { host: 'text', tags: 'list', reflection: 'flag', transport: 'text' },
    },
  ),
  group('service', 'advertise', { host: undefined, port: undefined }, resolveAdvertise, { types: { host: 'text' } }),
  group('service', 'limits', DEFAULT_SERVER_LIMITS, serverLimits, {
    open: NO_LIMITS,
    beside: { maxConnectionAgeGraceMs: { maxConnectionAgeMs: 1000 } },
  }),
  group('service', 'lifecycle', LIFECYCLE_DEFAULTS, resolveLifecycle),
  group('service', 'policies.deadline', { timeoutMs: null, streamTimeoutMs: null }, resolveServerDeadline, {
    open: NO_TOTAL,
    policy: { on: true, canBeOff: false },
  }),
  group('service', 'policies.concurrencyLimit', BULKHEAD_DEFAULTS, resolveBulkhead, {
    beside: BULKHEAD_BESIDE,
    policy: ON,
  }),
  group('service', 'policies.rateLimit', RATE.defaults, resolveRateLimit, { beside: RATE.beside, policy: OFF }),

  group(
    'client',
    '',
    { picker: 'least_in_flight', authority: undefined, drainGraceMs: 30_000, transport: DEFAULT_TRANSPORT },
    resolveClientBasics,
    {
      types: { picker: 'text', authority: 'text', transport: 'text' },
    },
  ),
  group('client', 'backoff', { initialMs: 100, maxMs: 2000 }, resolveBackoff),
  group('client', 'limits', DEFAULT_CLIENT_LIMITS, clientLimits, { open: NO_LIMITS, types: { compression: 'text' } }),
  group('client', 'policies.deadline', DEADLINE_DEFAULTS, resolveDeadline, {
    open: NO_TOTAL,
    policy: { on: true, canBeOff: false },
  }),
  group('client', 'policies.fallback', { timeoutMs: FALLBACK_DEFAULTS.timeoutMs }, resolveFallback, {
    beside: { timeoutMs: { value: null } },
    policy: OFF,
  }),
  group('client', 'policies.bulkhead', BULKHEAD_DEFAULTS, resolveBulkhead, { beside: BULKHEAD_BESIDE, policy: ON }),
  group('client', 'policies.retry', RETRY_DEFAULTS, resolveRetry, { types: { retryableCodes: 'list' }, policy: ON }),
  group('client', 'policies.retry.budget', RETRY_BUDGET_DEFAULTS, resolveRetryBudget),
  group('client', 'policies.circuitBreaker', CIRCUIT_BREAKER_DEFAULTS, resolveCircuitBreaker, {
    beside: { slowCallRatio: { slowCallMs: 1000 }, slowCallMs: { slowCallRatio: 0.5 } },
    policy: ON,
  }),
  group('client', 'policies.rateLimit', RATE.defaults, resolveRateLimit, { beside: RATE.beside, policy: OFF }),
  group('client', 'policies.attemptTimeout', TIMEOUT, resolveTimeout, { policy: OFF }),
  group('client', 'policies.idleTimeout', TIMEOUT, resolveTimeout, { policy: OFF }),
];

/** The groups, one setting per line. */
export const SETTINGS: readonly Setting[] = SETTING_GROUPS.flatMap((of) =>
  Object.entries(of.defaults).map(([key, value]) => ({
    side: of.side,
    path: join(of.path, key),
    key,
    group: of,
    type: of.types[key] ?? 'number',
    default: value,
    perMethod: of.path.startsWith('policies.'),
  })),
);

/** `a.b`, or `b` when there is nothing above it. */
export function join(parent: string, key: string): string {
  return parent === '' ? key : `${parent}.${key}`;
}

/**
 * Checks one value by itself; rules between settings are for the merged result.
 * @param field what to call the setting in the error
 * @throws ConfigError naming `field`, the value and the range
 */
export function checkSetting(setting: Setting, value: unknown, field: string): void {
  const { group: of, key } = setting;
  if (value === null && of.open[key] !== 'null') throw new ConfigError(field, value, rangeOf(setting));
  try {
    of.resolve({ ...of.beside[key], [key]: value }, '');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const own = error.field.replace(/^\./, '');
    if (error.allowed === '' || !(own === key || own.startsWith(`${key}[`))) return;
    throw new ConfigError(`${field}${own.slice(key.length)}`, error.value, error.allowed);
  }
}

/** What is legal for a setting, as it completes "must be ...". */
export function rangeOf(setting: Setting): string {
  try {
    // Illegal for every setting there is, so that its check states what would be legal.
    checkSetting(setting, Number.NaN, setting.path);
  } catch (error) {
    if (error instanceof ConfigError) return error.allowed;
    throw error;
  }
  throw new Error(`defect: ${setting.path} takes anything`);
}

function resolveServiceBasics(given: Given, field: string): object {
  const { host = '127.0.0.1', port = 0, tags = [], weight = 1, reflection = true, transport } = given;
  return {
    host: requireText(join(field, 'host'), host, 'an address to listen on, such as 127.0.0.1 or 0.0.0.0'),
    port: requireNumber(join(field, 'port'), port, PORT),
    tags: requireTexts(join(field, 'tags'), tags),
    weight: requireNumber(join(field, 'weight'), weight, WEIGHT_RANGE),
    reflection: requireFlag(join(field, 'reflection'), reflection),
    transport: requireTransport(join(field, 'transport'), transport),
  };
}

function resolveAdvertise(given: Given, field: string): object {
  requireKnownKeys(field, given, ['host', 'port']);
  const { host, port } = given;
  return {
    host:
      host === undefined
        ? undefined
        : requireText(join(field, 'host'), host, 'an address that others can reach, such as 10.0.0.5'),
    port: port === undefined ? undefined : requireNumber(join(field, 'port'), port, { ...PORT, min: 1 }),
  };
}

/** A server has no total of its own unless it is given one: the caller's deadline binds. */
function resolveServerDeadline(given: Given, field: string): object {
  return resolveDeadline({ timeoutMs: null, streamTimeoutMs: null, ...given }, field);
}

function resolveClientBasics(given: Given, field: string): object {
  const { picker = 'least_in_flight', authority, drainGraceMs = 30_000, transport } = given;
  return {
    picker: typeof picker === 'function' ? picker : requireOneOf(join(field, 'picker'), picker, PICKERS),
    authority:
      authority === undefined
        ? undefined
        : requireText(join(field, 'authority'), authority, 'a host name, as TLS verifies it'),
    drainGraceMs: requireNumber(join(field, 'drainGraceMs'), drainGraceMs, GRACE),
    transport: requireTransport(join(field, 'transport'), transport),
  };
}

/** A transport that the code has made is no setting. */
const requireTransport = (field: string, transport: unknown = DEFAULT_TRANSPORT): unknown =>
  typeof transport === 'object' ? transport : requireOneOf(field, transport, TRANSPORT_NAMES);

function resolveBackoff(given: Given, field: string): object {
  requireKnownKeys(field, given, ['initialMs', 'maxMs']);
  const initialMs = requireNumber(join(field, 'initialMs'), given.initialMs ?? 100, DURATION);
  const maxMs = requireNumber(join(field, 'maxMs'), given.maxMs ?? Math.max(2000, initialMs), DURATION);
  if (maxMs < initialMs) {
    throw ConfigError.rule(
      `${field}.maxMs`,
      maxMs,
      `${field}.maxMs is ${maxMs}, but must be at least ${field}.initialMs (${initialMs})`,
    );
  }
  return { initialMs, maxMs };
}

function requireText(field: string, value: unknown, allowed: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new ConfigError(field, value, allowed);
}

function requireFlag(field: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigError(field, value, 'true or false');
}

function requireTexts(field: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new ConfigError(field, value, 'a list of texts');
  return value.map((one, index) => requireText(`${field}[${index}]`, one, 'a text that is not empty'));
}
