import type { Around, Runtime } from '@breakwater/core';
import { ConfigError, nearest } from '@breakwater/core';
import type { ServiceDefinition } from '../method/definition.js';
import { type Method, methodsOf } from '../method/method.js';
import type { ServedMethod } from '../transport/transport.js';
import { type AnyImplementation, handlerLeaf, type HandlerLeafOptions } from './handler-leaf.js';
import type { ServiceImplementation } from './implementation.js';

export interface ServeOptions extends HandlerLeafOptions {
  readonly runtime: Runtime;
  /** The policies of one method, outermost first as `stack()` gives them. Asked once per method. */
  readonly stackFor: (method: Method) => Around;
}

/**
 * Binds a service definition to its handlers.
 * @returns one served method per RPC, each with its stack composed
 * @throws ConfigError when a handler is missing, is no function, or belongs to no method of the definition, or when one of
 * the two arguments is not what it should be
 */
export function serve<D extends ServiceDefinition>(
  definition: D,
  implementation: ServiceImplementation<D>,
  options: ServeOptions,
): readonly ServedMethod[] {
  const methods = methodsOf(definition);
  checkHandlers(definition, methods, implementation);
  return methods.map((method) => {
    const handler = (implementation as Record<string, AnyImplementation>)[method.key] as AnyImplementation;
    const leaf = handlerLeaf(method, handler.bind(implementation), options.runtime, options);
    return { method, handler: options.stackFor(method)(leaf) };
  });
}

function checkHandlers(definition: ServiceDefinition, methods: readonly Method[], implementation: unknown): void {
  if (typeof implementation !== 'object' || implementation === null) {
    throw new ConfigError(
      `the handlers of ${definition.fullName}`,
      implementation,
      'an object with one function per method',
    );
  }
  const known = methods.map((method) => method.key);
  const given = implementation as Record<string, unknown>;
  for (const key of known) {
    // What every object has, such as toString, is nobody's handler.
    const inherited = (Object.prototype as unknown as Record<string, unknown>)[key];
    if (typeof given[key] !== 'function' || given[key] === inherited) {
      throw ConfigError.rule(
        `${definition.name}.${key}`,
        given[key],
        `${definition.fullName} has no handler for "${key}"; add an async function of that name to the object given to add()`,
      );
    }
  }
  // Own properties only: a class instance may have helpers on its prototype.
  for (const key of Object.keys(given)) {
    if (typeof given[key] !== 'function' || known.includes(key)) continue;
    const near = nearest(key, known);
    throw ConfigError.rule(
      `${definition.name}.${key}`,
      given[key],
      `${definition.fullName} has no method "${key}"${near === undefined ? `; it has ${known.join(', ')}` : `; did you mean "${near}"?`}`,
    );
  }
}
