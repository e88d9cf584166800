import { HttpError } from './http-error.js';

/** Parses JSON. @throws HttpError 400 */
export function decodeJson(body: string): unknown {
  if (body.trim() === '') throw new HttpError(400, 'Request decode failed: EOF');
  try {
    return JSON.parse(body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new HttpError(
      400,
      `Request decode failed: ${/end of|Unterminated|Expected .* after .*position \d+$/i.test(message) ? 'unexpected EOF' : message}`,
    );
  }
}

/** @throws HttpError 400 when `value` is no object */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new HttpError(
    400,
    `Request decode failed: json: cannot unmarshal ${kindOf(value)} into Go value of type structs.ServiceDefinition`,
  );
}

/**
 * Typed access to a decoded object. Names are matched as Consul does: case and underscores do not matter.
 * A field that is unknown or of the wrong type is an HttpError 400 in Consul's words.
 */
export class Fields {
  private readonly values = new Map<string, unknown>();

  constructor(object: Readonly<Record<string, unknown>>, known: readonly string[]) {
    const names = new Map(known.map((name) => [normalize(name), name]));
    for (const [key, value] of Object.entries(object)) {
      const name = names.get(normalize(key));
      if (name === undefined)
        throw new HttpError(400, `Request decode failed: json: unknown field ${JSON.stringify(key)}`);
      if (value !== null) this.values.set(name, value);
    }
  }

  get empty(): boolean {
    return this.values.size === 0;
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  text(name: string): string {
    const value = this.values.get(name) ?? '';
    return typeof value === 'string' ? value : wrongType(value, name, 'string');
  }

  /** A duration may also be a number of nanoseconds. */
  durationText(name: string): string {
    const value = this.values.get(name) ?? '';
    return typeof value === 'number' ? `${value}ns` : this.text(name);
  }

  integer(name: string): number {
    const value = this.values.get(name) ?? 0;
    return typeof value === 'number' && Number.isInteger(value) ? value : wrongType(value, name, 'int');
  }

  flag(name: string): boolean {
    const value = this.values.get(name) ?? false;
    return typeof value === 'boolean' ? value : wrongType(value, name, 'bool');
  }

  texts(name: string): readonly string[] {
    const value = this.values.get(name) ?? [];
    if (!Array.isArray(value)) return wrongType(value, name, '[]string');
    return value.map((item: unknown) => (typeof item === 'string' ? item : wrongType(item, name, 'string')));
  }

  textMap(name: string): Readonly<Record<string, string>> {
    const value = this.values.get(name) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) return wrongType(value, name, 'map[string]string');
    for (const item of Object.values(value)) if (typeof item !== 'string') wrongType(item, name, 'string');
    return value as Record<string, string>;
  }

  objects(name: string): readonly Readonly<Record<string, unknown>>[] {
    const value = this.values.get(name) ?? [];
    return Array.isArray(value) ? value.map(asObject) : wrongType(value, name, 'structs.CheckTypes');
  }

  optionalObject(name: string): readonly Readonly<Record<string, unknown>>[] {
    return this.has(name) ? [asObject(this.values.get(name))] : [];
  }
}

const normalize = (name: string): string => name.replace(/_/g, '').toLowerCase();

function wrongType(value: unknown, name: string, type: string): never {
  throw new HttpError(
    400,
    `Request decode failed: json: cannot unmarshal ${kindOf(value)} into Go struct field .${name} of type ${type}`,
  );
}

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value;
