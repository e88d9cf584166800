/**
 * A setting that cannot be used. Thrown at construction, before anything starts.
 * The message names the field, the value it had and what is allowed.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /**
   * @param field path of the setting, such as `retry.maxAttempts`
   * @param value what was given
   * @param allowed completes the sentence "must be ..."
   */
  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly allowed: string,
  ) {
    super(`${field} is ${show(value)}, but must be ${allowed}`);
  }

  /** For rules that bind two settings: the sentence is given whole. */
  static rule(field: string, value: unknown, sentence: string): ConfigError {
    const error = new ConfigError(field, value, '');
    error.message = sentence;
    return error;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  } catch {
    return 'an object';
  }
}
