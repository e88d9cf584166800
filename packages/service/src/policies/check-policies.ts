import { ConfigError, requireKnownKeys } from '@breakwater/core';

/**
 * Whether `policies` are settings of known policies: an object each, or `false` for off. The deadline cannot be turned off
 * as a whole.
 * @throws ConfigError naming `field.policy` and the nearest known one
 */
export function checkPolicies(field: string, policies: unknown, known: readonly string[]): void {
  if (typeof policies !== 'object' || policies === null)
    throw new ConfigError(field, policies, 'an object of policies');
  requireKnownKeys(field, policies, known);
  for (const [name, settings] of Object.entries(policies) as [string, unknown][]) {
    if (name === 'deadline' && settings === false) {
      throw new ConfigError(
        `${field}.deadline`,
        false,
        'an object; a call without a deadline is asked for with { timeoutMs: null }',
      );
    }
    if (settings === undefined || settings === false || (typeof settings === 'object' && settings !== null)) continue;
    throw new ConfigError(`${field}.${name}`, settings, 'an object of settings, or false to turn it off');
  }
}

/** The same for the general policies and those of single methods. @throws ConfigError */
export function checkAllPolicies(
  policies: unknown,
  methods: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  checkPolicies('policies', policies, known);
  for (const [name, own] of Object.entries(methods)) checkPolicies(`methods.${name}`, own, known);
}
