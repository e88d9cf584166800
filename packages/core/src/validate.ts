import { ConfigError } from './config-error.js';

/** A closed range of numbers; `integer` refuses fractions. Infinity is refused unless `max` is Infinity. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

/** `value`, when it is a number in `range`. @throws ConfigError with the range; NaN, text and Infinity are refused */
export function requireNumber(field: string, value: unknown, range: NumberRange): number {
  const kind = range.integer === true ? 'an integer' : 'a number';
  const legal =
    typeof value === 'number' &&
    value >= range.min &&
    value <= range.max &&
    (range.integer !== true || Number.isInteger(value) || value === Number.POSITIVE_INFINITY);
  if (!legal) throw new ConfigError(field, value, `${kind} from ${range.min} to ${range.max}`);
  return value;
}

/** `value`, when it is one of `allowed`. @throws ConfigError listing what is allowed and the nearest match */
export function requireOneOf<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
  throw new ConfigError(
    field,
    value,
    `one of ${allowed.join(', ')}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
  );
}

/** Refuses misspelt options. @throws ConfigError naming the unknown key and the nearest known one, or when there is no object */
export function requireKnownKeys(field: string, options: object, known: readonly string[]): void {
  // Plain JavaScript and settings out of JSON may give anything.
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new ConfigError(field === '' ? 'options' : field, options, `an object with any of: ${known.join(', ')}`);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? `known options: ${known.join(', ')}` : `did you mean ${JSON.stringify(near)}?`;
    const path = field === '' ? key : `${field}.${key}`;
    throw ConfigError.rule(path, (options as Record<string, unknown>)[key], `unknown option ${path}; ${hint}`);
  }
}

/** The known word closest to `word` by edit distance, when it is close enough to be a slip of the pen. */
export function nearest<T extends string>(word: string, known: readonly T[]): T | undefined {
  let best: T | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
