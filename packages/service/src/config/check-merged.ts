import { ConfigError } from '@breakwater/core';
import { requireAttemptBelowTotal, resolveDeadline } from '@breakwater/resilience';
import { CODE, type FlatSettings, objectAt } from './layers.js';
import { SETTING_GROUPS, type SettingGroup, type Side } from './settings.js';

/**
 * Checks a group of settings with the rules between them, as they came together from several sources.
 * @returns the settings with defaults filled in; undefined when the policy is off
 * @throws ConfigError that says where the settings of the group come from
 */
export function resolveGroup(
  group: SettingGroup,
  flat: FlatSettings,
  prefix = '',
): Readonly<Record<string, unknown>> | undefined {
  const given = group.path === '' ? basics(group, flat) : objectAt(flat, group.path);
  if (given === false || isInsideOff(group, flat) || (given === undefined && group.policy?.on === false))
    return undefined;
  try {
    return group.resolve(given ?? {}, prefix + group.path);
  } catch (error) {
    throw error instanceof ConfigError ? withSources(error, flat, [group.path]) : error;
  }
}

/** Checks all groups. @throws ConfigError as `resolveGroup` */
export function checkGroups(side: Side, flat: FlatSettings, prefix = ''): void {
  for (const group of SETTING_GROUPS) {
    if (group.side === side && (prefix === '' || group.path.startsWith('policies.'))) resolveGroup(group, flat, prefix);
  }
}

/** @throws ConfigError when an attempt may take as long as the call, saying where both lengths come from */
export function checkAttemptTimeout(flat: FlatSettings, streams: boolean, prefix = ''): void {
  const attempt = objectAt(flat, 'policies.attemptTimeout');
  const total = objectAt(flat, 'policies.deadline');
  if (attempt === undefined || attempt === false || total === false) return;
  const { timeoutMs, streamTimeoutMs } = resolveDeadline(total);
  try {
    requireAttemptBelowTotal(
      `${prefix}policies.attemptTimeout.timeoutMs`,
      attempt.timeoutMs as number,
      streams ? streamTimeoutMs : timeoutMs,
    );
  } catch (error) {
    throw error instanceof ConfigError
      ? withSources(error, flat, ['policies.attemptTimeout', 'policies.deadline'])
      : error;
  }
}

/** The budget of a retry policy that is off. */
const isInsideOff = (group: SettingGroup, flat: FlatSettings): boolean =>
  group.policy === undefined &&
  flat.get(group.path.slice(0, Math.max(0, group.path.lastIndexOf('.'))))?.value === false;

function basics(group: SettingGroup, flat: FlatSettings): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(group.defaults).flatMap((key) => (flat.has(key) ? [[key, flat.get(key)?.value]] : [])),
  );
}

/** Says whence the settings came; what stands in code alone needs no explanation. */
function withSources(error: ConfigError, flat: FlatSettings, groups: readonly string[]): ConfigError {
  const involved = [...flat].filter(
    ([path]) =>
      groups.some((group) => path.startsWith(`${group}.`)) && !SETTING_GROUPS.some((group) => group.path === path),
  );
  if (involved.every(([, { source }]) => source === CODE)) return error;
  const mentioned = involved.filter(([path]) => error.message.includes(path.slice(path.lastIndexOf('.') + 1)));
  const sources = mentioned.map(([path, { source }]) => `${path.replace(/^policies\./, '')} from ${source}`);
  return ConfigError.rule(error.field, error.value, `${error.message} (${sources.join(', ')})`);
}
