import assert from 'node:assert/strict';
import { ConfigError } from './config-error.js';
import { nearest, requireKnownKeys, requireNumber, requireOneOf } from './validate.js';

const refused = (check: () => unknown, field: string, message: string): void =>
  assert.throws(check, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual([error.field, error.message], [field, message]);
    return true;
  });

describe('requireNumber', () => {
  it('gives back what is in the range, its ends included', () => {
    for (const value of [1, 5.5, 10]) assert.equal(requireNumber('f', value, { min: 1, max: 10 }), value);
    assert.equal(
      requireNumber('f', Number.POSITIVE_INFINITY, { min: 1, max: Number.POSITIVE_INFINITY, integer: true }),
      Number.POSITIVE_INFINITY,
    );
  });

  it('refuses everything else, naming field, value and range', () => {
    const range = { min: 1, max: 10 };
    for (const [value, shown] of [
      [0.99, '0.99'],
      [11, '11'],
      [Number.NaN, 'NaN'],
      ['5', '"5"'],
      [undefined, 'undefined'],
      [null, 'null'],
      [5n, '5n'],
      [[5], '[5]'],
    ] as const) {
      refused(
        () => requireNumber('retry.maxAttempts', value, range),
        'retry.maxAttempts',
        `retry.maxAttempts is ${shown}, but must be a number from 1 to 10`,
      );
    }
    refused(
      () => requireNumber('f', 1.5, { ...range, integer: true }),
      'f',
      'f is 1.5, but must be an integer from 1 to 10',
    );
    refused(
      () => requireNumber('f', Number.POSITIVE_INFINITY, range),
      'f',
      'f is Infinity, but must be a number from 1 to 10',
    );
  });
});

describe('requireOneOf', () => {
  it('gives back what is listed and refuses the rest with the nearest', () => {
    assert.equal(requireOneOf('f', 'unary', ['unary', 'bidi']), 'unary');
    refused(
      () => requireOneOf('f', 'unray', ['unary', 'bidi']),
      'f',
      'f is "unray", but must be one of unary, bidi (did you mean unary?)',
    );
    refused(() => requireOneOf('f', 5, ['unary', 'bidi']), 'f', 'f is 5, but must be one of unary, bidi');
  });
});

describe('requireKnownKeys', () => {
  it('lets known keys pass', () => {
    requireKnownKeys('f', { a: 1 }, ['a', 'b']);
  });

  it('refuses what is no object', () => {
    for (const given of [undefined, null, 5, 'text', []]) {
      assert.throws(
        () => requireKnownKeys('retry', given as object, ['a', 'b']),
        /^ConfigError: retry is .*, but must be an object with any of: a, b$/,
      );
    }
    assert.throws(() => requireKnownKeys('', undefined as unknown as object, ['a']), /options is undefined/);
  });

  it('names an unknown one with its path and the nearest, or with all there are', () => {
    const known = ['timeoutMs', 'queue'];
    refused(
      () => requireKnownKeys('pace', { timeoutMS: 1 }, known),
      'pace.timeoutMS',
      'unknown option pace.timeoutMS; did you mean "timeoutMs"?',
    );
    refused(
      () => requireKnownKeys('', { colour: 1 }, known),
      'colour',
      'unknown option colour; known options: timeoutMs, queue',
    );
  });
});

describe('nearest', () => {
  it('finds a slip of the pen, and nothing where there is none', () => {
    assert.equal(nearest('maxAttempt', ['minAttempts', 'maxAttempts']), 'maxAttempts');
    assert.equal(nearest('MAXATTEMPTS', ['maxAttempts']), 'maxAttempts');
    assert.equal(nearest('colour', ['maxAttempts']), undefined);
    assert.equal(nearest('', []), undefined);
  });
});

describe('ConfigError', () => {
  it('shortens what is long and survives what cannot be shown', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    assert.match(new ConfigError('f', 'x'.repeat(200), 'short').message, /^f is "x{77}\.\.\.", but must be short$/);
    assert.match(new ConfigError('f', circular, 'plain').message, /^f is an object, but/);
    assert.match(new ConfigError('f', () => 1, 'plain').message, /^f is a function, but/);
    assert.match(new ConfigError('f', new Uint8Array(5000), 'text').message, /^f is 5000 bytes, but/);
    assert.match(
      new ConfigError(
        'f',
        Array.from({ length: 100 }, () => 'item'),
        'short',
      ).message,
      /^f is \["item".{0,80}\.\.\., but/,
    );
  });
});
