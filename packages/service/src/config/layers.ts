import { SETTING_GROUPS, type Side } from './settings.js';

/** A value with where it comes from: `code`, `file:line:column` or a variable. */
export interface Sourced {
  readonly value: unknown;
  readonly source: string;
}

/** Values by path (`policies.retry.maxAttempts`). A policy by itself is `false` (off) or `{}` (on). */
export type FlatSettings = Map<string, Sourced>;

/** The settings of a service or a client: for all its methods, and for single ones over them. */
export interface ScopedSettings {
  readonly all: FlatSettings;
  /** By method name or path. */
  readonly methods: Map<string, FlatSettings>;
}

/** One source of settings: the code's options, a section of the file, the environment. */
export interface Layer {
  readonly options: object;
  /** @param method undefined for what is said of all methods */
  readonly sourceOf: (path: string, method: string | undefined) => string;
}

export const CODE = 'code';

/** Of two settings that exclude each other, the one said last takes the other's place. */
const EXCLUSIVE: readonly (readonly [string, string])[] = [
  ['policies.circuitBreaker.windowMs', 'policies.circuitBreaker.windowCalls'],
];

/** Puts layers over each other, the last wins. */
export function mergeLayers(side: Side, layers: readonly Layer[]): ScopedSettings {
  const merged: ScopedSettings = { all: new Map(), methods: new Map() };
  for (const { options, sourceOf } of layers) {
    overlay(
      merged.all,
      flatten(side, options, (path) => sourceOf(path, undefined)),
    );
    const { methods = {} } = options as { readonly methods?: Readonly<Record<string, object>> };
    for (const [name, policies] of Object.entries(methods)) {
      const own = flatten(side, { policies }, (path) => sourceOf(path, name));
      for (const target of methodsNamed(merged.methods, name)) overlay(target, own);
    }
  }
  return merged;
}

/** What holds for one method: its own settings over those of all. */
export function settingsOfMethod({ all, methods }: ScopedSettings, names: readonly string[]): FlatSettings {
  const result = new Map(all);
  const own = names.map((name) => methods.get(name)).find((found) => found !== undefined);
  if (own !== undefined) overlay(result, own);
  return result;
}

/** Puts `upper` over `lower`, in place. `false` removes the settings of its policy; the `{}` of a policy takes its place again. */
export function overlay(lower: FlatSettings, upper: FlatSettings): void {
  for (const [path, sourced] of upper) {
    if (sourced.value === false) {
      for (const below of lower.keys()) if (below.startsWith(`${path}.`)) lower.delete(below);
    }
    for (const pair of EXCLUSIVE) if (pair.includes(path)) for (const one of pair) if (one !== path) lower.delete(one);
    lower.set(path, sourced);
  }
}

/** The settings under `path` as an object again; `false` when the policy is off, undefined when nothing is said of it. */
export function objectAt(flat: FlatSettings, path: string): Record<string, unknown> | false | undefined {
  if (flat.get(path)?.value === false) return false;
  let result: Record<string, unknown> | undefined = flat.has(path) ? {} : undefined;
  for (const [one, { value }] of flat) {
    if (!one.startsWith(`${path}.`)) continue;
    result ??= {};
    const keys = one.slice(path.length + 1).split('.');
    let object = result;
    for (const key of keys.slice(0, -1)) object = (object[key] ??= {}) as Record<string, unknown>;
    const last = keys.at(-1) ?? '';
    if (typeof object[last] !== 'object' || !isOn(value)) object[last] = value;
  }
  return result;
}

const isOn = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** A bare name also means the method by its path, and a path starts from what was said of the bare name. */
function methodsNamed(methods: Map<string, FlatSettings>, name: string): readonly FlatSettings[] {
  let own = methods.get(name);
  if (own === undefined) {
    own = new Map(name.includes('/') ? methods.get(name.slice(name.indexOf('/') + 1)) : undefined);
    methods.set(name, own);
  }
  if (name.includes('/')) return [own];
  return [own, ...[...methods].filter(([other]) => other.endsWith(`/${name}`)).map(([, flat]) => flat)];
}

function flatten(side: Side, options: object, sourceOf: (path: string) => string): FlatSettings {
  const flat: FlatSettings = new Map();
  const walk = (object: object, path: string): void => {
    for (const [key, value] of Object.entries(object) as [string, unknown][]) {
      const here = path === '' ? key : `${path}.${key}`;
      if (value === undefined || (path === '' && !isConfigurable(side, key))) continue;
      if (!isObject(value) || !isParent(side, here)) flat.set(here, { value, source: sourceOf(here) });
      else {
        if (here.startsWith('policies.')) flat.set(here, { value: {}, source: sourceOf(here) });
        walk(value, here);
      }
    }
  };
  walk(options, '');
  return flat;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isParent = (side: Side, path: string): boolean =>
  path === 'policies' || SETTING_GROUPS.some((group) => group.side === side && group.path === path);

const isConfigurable = (side: Side, key: string): boolean =>
  key === 'policies' ||
  SETTING_GROUPS.some(
    (group) => group.side === side && (group.path === key || (group.path === '' && key in group.defaults)),
  );
