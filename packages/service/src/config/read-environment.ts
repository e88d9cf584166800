import { ConfigError, nearest } from '@breakwater/core';
import type { ConfigValue } from './config-values.js';
import { checkSetting, join, SETTING_GROUPS, SETTINGS, type Setting, type SettingGroup } from './settings.js';

/** The variables of a process; `undefined` and empty both mean not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'BREAKWATER_';
/** Variables of ours that are not settings: of this package, the command line and the repository's tools. */
const OTHERS: readonly string[] = ['CONFIG', 'LOG_LEVEL', 'DEBUG', 'CACHE', 'FULL', 'BUILD_ERRORS'].map(
  (name) => PREFIX + name,
);
/** Families of such variables. */
const FAMILIES: readonly string[] = ['PYTHON', 'GRPC', 'PROTOC', 'ABSENT'].map((name) => PREFIX + name);

/**
 * The variable of a setting: `client` and `policies.retry.maxAttempts` make BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS. The
 * word `policies` is left out, and a word that would stand twice stands once: `attemptTimeout.timeoutMs` makes
 * BREAKWATER_CLIENT_ATTEMPT_TIMEOUT_MS.
 */
export function variableOf({ side, path }: Pick<SettingGroup, 'side' | 'path'>): string {
  const words = join(side, path.replace(/^policies\./, '')).replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return (
    PREFIX +
    words
      .replaceAll('.', '_')
      .toUpperCase()
      .replace(/(_[A-Z]+)\1(?=_)/, '$1')
  );
}

/**
 * The settings in the environment, each checked by itself.
 * @throws ConfigError naming the variable, its value and what is allowed; for an unknown BREAKWATER_* name, the nearest
 */
export function readEnvironment(environment: Environment): readonly ConfigValue[] {
  const values: ConfigValue[] = [];
  for (const name of Object.keys(environment).toSorted()) {
    const text = environment[name];
    if (!name.startsWith(PREFIX) || text === undefined || text === '') continue;
    const variable = VARIABLES.get(name);
    if (variable !== undefined) values.push(variable(name, text));
    else if (!OTHERS.includes(name) && !FAMILIES.some((family) => name.startsWith(family)))
      throw unknownVariable(name, text);
  }
  refuseSettingsOfWhatIsOff(values);
  return values;
}

const VARIABLES: ReadonlyMap<string, (name: string, text: string) => ConfigValue> = new Map([
  ...SETTINGS.map(
    (setting) => [variableOf(setting), (name: string, text: string) => readSetting(setting, name, text)] as const,
  ),
  ...SETTING_GROUPS.filter(({ policy }) => policy?.canBeOff === true).map(
    (group) => [variableOf(group), (name: string, text: string) => readSwitch(group, name, text)] as const,
  ),
]);

/** Every variable there is, for help texts and tests. */
export const VARIABLE_NAMES: readonly string[] = [...VARIABLES.keys()];

function readSetting(setting: Setting, name: string, text: string): ConfigValue {
  const value = parse(setting, text.trim());
  checkSetting(setting, value, name);
  return { side: setting.side, name: undefined, method: undefined, path: setting.path, value, source: name };
}

/** Text stays text when it is not what the setting holds: the check then says what it should be. */
function parse(setting: Setting, text: string): unknown {
  if (setting.type === 'text') return text;
  if (setting.type === 'list') return text.split(',').map((one) => one.trim());
  if (setting.type === 'flag') return text === 'true' ? true : text === 'false' ? false : text;
  const open = setting.group.open[setting.key];
  if (open === 'null' && (text === 'null' || text === 'none')) return null;
  if (open === 'infinity' && text === 'Infinity') return Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function readSwitch(group: SettingGroup, name: string, text: string): ConfigValue {
  const flag = text.trim();
  if (flag !== 'true' && flag !== 'false') throw new ConfigError(name, text, 'false to turn the policy off, or true');
  return {
    side: group.side,
    name: undefined,
    method: undefined,
    path: group.path,
    value: flag === 'true' ? {} : false,
    source: name,
  };
}

function refuseSettingsOfWhatIsOff(values: readonly ConfigValue[]): void {
  for (const off of values) {
    if (off.value !== false) continue;
    const inside = values.find((one) => one.side === off.side && one.path.startsWith(`${off.path}.`));
    if (inside === undefined) continue;
    throw ConfigError.rule(
      off.source,
      'false',
      `${off.source} is false, but ${inside.source} is set too: unset one of them`,
    );
  }
}

function unknownVariable(name: string, text: string): ConfigError {
  const near = nearest(name, [...VARIABLE_NAMES, ...OTHERS]);
  const hint =
    near === undefined
      ? `settings begin with ${PREFIX}SERVICE_ or ${PREFIX}CLIENT_; \`breakwater config show\` lists them`
      : `did you mean ${near}?`;
  return ConfigError.rule(name, text, `unknown variable ${name}; ${hint}`);
}
