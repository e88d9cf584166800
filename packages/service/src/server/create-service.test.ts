import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { createService, NO_CONFIG, type ServiceOptions } from '../index.js';

describe('createService', () => {
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['no options at all', undefined, /^options is undefined, but must be an object with any of: name, registry/],
    ['no name', {}, /^name is undefined, but must be a service name/],
    [
      'a registry that is not made',
      { registry: () => {} },
      /^registry is a function, but must be a registry, such as consul\(\)/,
    ],
    ['a registry that is none', { registry: {} }, /^registry is \{\}, but must be a registry/],
    ['a transport that is none', { transport: 'grpc' }, /^transport is "grpc", but must be one of wire, grpc-js/],
    ['a logger that is none', { logger: true }, /^logger is true, but must be a pino logger, or false/],
    ['a port as text', { port: '80' }, /^port is "80", but must be an integer from 0 to 65535/],
    ['a misspelt option', { prot: 80 }, /^unknown option prot; did you mean "port"\?/],
  ];
  for (const [title, options, says] of wrong) {
    it(`refuses ${title}, and says what it should be`, () => {
      const given =
        options === undefined || title === 'no name'
          ? options
          : { name: 'echo', config: NO_CONFIG, ...(options as object) };
      assert.throws(
        () => createService(given as ServiceOptions),
        (error: unknown) => error instanceof ConfigError && says.test(error.message),
      );
    });
  }
});
