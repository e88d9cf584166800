import { parseArgs } from 'node:util';
import { nearest } from '@breakwater/core';

/** One option of a command line. */
export type OptionSpec =
  | {
      readonly type: 'string';
      readonly about: string;
      readonly default?: string;
      readonly placeholder?: string;
      /** What the whole value must match, and how that is said. */
      readonly pattern?: { readonly match: RegExp; readonly words: string };
    }
  | {
      readonly type: 'number';
      readonly about: string;
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly integer?: boolean;
      readonly placeholder?: string;
    }
  | { readonly type: 'boolean'; readonly about: string };

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends { type: 'boolean' }
  ? boolean
  : S extends { type: 'number' }
    ? number
    : S extends { default: string }
      ? string
      : string | undefined;

/** What a command line says, defaults filled in. Keys are the options as they are typed, without the dashes. */
export type OptionValues<S extends OptionSpecs> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** The command line cannot be used; the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `--help` was asked for; the message is the help text. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
}

/**
 * Reads a command line.
 * @throws UsageError for an unknown option (naming the nearest), a missing value or one out of range
 * @throws HelpRequested for --help
 */
export function parseCommandLine<const S extends OptionSpecs>(
  usage: string,
  specs: S,
  args: readonly string[],
): OptionValues<S> {
  if (args.includes('--help') || args.includes('-h')) throw new HelpRequested(helpText(usage, specs));
  refuseUnknown(specs, args);
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      { type: spec.type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const values = parse(options, args);
  const result: Record<string, string | number | boolean | undefined> = {};
  for (const [name, spec] of Object.entries(specs)) result[name] = readValue(name, spec, values[name]);
  return result as OptionValues<S>;
}

function parse(
  options: Record<string, { type: 'boolean' | 'string' }>,
  args: readonly string[],
): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // The first sentence says what is wrong; the rest is advice about positional arguments, of which there are none here.
    const [message = ''] = (error as Error).message.split(/\. (?=To )/);
    throw new UsageError(`${message.replace(/\.$/, '')}; see --help`);
  }
}

function refuseUnknown(specs: OptionSpecs, args: readonly string[]): void {
  const known = Object.keys(specs);
  for (const arg of args) {
    const name = /^--?([^=]+)/.exec(arg)?.[1];
    // `-1` is the value of the option in front of it, and is judged with it.
    if (name === undefined || known.includes(name) || /^\d/.test(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `known: ${known.map((one) => `--${one}`).join(' ')}` : `did you mean --${near}?`;
    throw new UsageError(`unknown option ${arg.split('=')[0]}; ${hint}`);
  }
}

function readValue(
  name: string,
  spec: OptionSpec,
  value: string | boolean | undefined,
): string | number | boolean | undefined {
  if (spec.type === 'boolean') return value === true;
  if (value === undefined) return spec.default;
  if (spec.type === 'string') {
    if (value === '') throw new UsageError(`--${name} is empty, but must be ${spec.placeholder ?? 'some text'}`);
    if (spec.pattern?.match.test(String(value)) === false)
      throw new UsageError(`--${name} is ${JSON.stringify(value)}, but must be ${spec.pattern.words}`);
    return String(value);
  }
  const number = Number(value);
  const legal =
    String(value).trim() !== '' &&
    number >= spec.min &&
    number <= spec.max &&
    (spec.integer !== true || Number.isInteger(number));
  if (legal) return number;
  const kind = spec.integer === true ? 'a whole number' : 'a number';
  throw new UsageError(`--${name} is ${JSON.stringify(value)}, but must be ${kind} from ${spec.min} to ${spec.max}`);
}

function helpText(usage: string, specs: OptionSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const placeholder =
      spec.type === 'boolean' ? '' : ` ${spec.placeholder ?? (spec.type === 'number' ? 'N' : 'TEXT')}`;
    const fallback = spec.type === 'boolean' || spec.default === undefined ? '' : ` (default ${spec.default})`;
    return [`  --${name}${placeholder}`, `${spec.about}${fallback}`] as const;
  });
  rows.push(['  --help', 'show this']);
  const width = Math.max(...rows.map(([left]) => left.length));
  return `${usage}\n\nOptions:\n${rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join('\n')}`;
}
