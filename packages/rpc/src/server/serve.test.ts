import assert from 'node:assert/strict';
import { ConfigError, createRuntime, stack, succeed } from '@breakwater/core';
import { aCall, FakeClock } from '@breakwater/core/testing';
import { EchoDefinition, type Note } from '../testing/echo.js';
import { serve } from './serve.js';
import type { ServiceImplementation } from './implementation.js';

type Echo = ServiceImplementation<typeof EchoDefinition>;

const options = {
  runtime: createRuntime({ clock: new FakeClock() }),
  stackFor: () => stack(),
  abandonAfterMs: 1000,
  onAbandoned: () => {},
};

const complete: Echo = {
  one: async (note) => note,
  collect: async () => ({ count: 0 }),
  async *count() {},
  async *talk() {},
};

const throwsRule = (implementation: object, field: string, text: RegExp): void =>
  assert.throws(
    () => serve(EchoDefinition, implementation as Echo, options),
    (error) => error instanceof ConfigError && error.field === field && text.test(error.message),
  );

describe('serving a definition', () => {
  it('gives one method per RPC, in the order of the definition, each with its own stack', () => {
    const asked: string[] = [];
    const methods = serve(EchoDefinition, complete, {
      ...options,
      stackFor: (method) => {
        asked.push(method.key);
        return () => async () => succeed(method.key);
      },
    });
    assert.deepEqual(
      methods.map(({ method }) => method.path),
      ['One', 'Collect', 'Count', 'Talk'].map((name) => `/test.v1.Echo/${name}`),
    );
    assert.deepEqual(asked, ['one', 'collect', 'count', 'talk']);
  });

  it('refuses an implementation without one of the handlers', () => {
    const { collect: _, ...incomplete } = complete;
    throwsRule(incomplete, 'Echo.collect', /test\.v1\.Echo has no handler for "collect"; add an async function/);
  });

  it('does not take for a handler what every object has', () => {
    const definition = {
      ...EchoDefinition,
      methods: { toString: { ...EchoDefinition.methods.one, name: 'ToString' } },
    };
    assert.throws(() => serve(definition, {} as never, options), /no handler for "toString"/);
    assert.equal(serve(definition, { toString: async () => ({}) }, options).length, 1);
  });

  it('refuses what is no definition and what is no object of handlers', () => {
    assert.throws(() => serve(undefined as never, complete, options), /definition is undefined.*service definition/);
    throwsRule(undefined as never, 'the handlers of test.v1.Echo', /is undefined, but must be an object/);
  });

  it('refuses a handler that is no function', () => {
    throwsRule({ ...complete, one: 'nothing' }, 'Echo.one', /has no handler for "one"/);
  });

  it('refuses a function that belongs to no method, and offers the nearest', () => {
    throwsRule({ ...complete, cuont: () => {} }, 'Echo.cuont', /no method "cuont"; did you mean "count"\?/);
    throwsRule({ ...complete, somethingElse: () => {} }, 'Echo.somethingElse', /it has one, collect, count, talk/);
  });

  it('takes an instance of a class, with its helpers and fields, and keeps `this`', async () => {
    class Service implements Echo {
      readonly prefix = 'hello ';
      async one(note: Note): Promise<Note> {
        return note;
      }
      async collect(): Promise<Partial<Note>> {
        return this.greet('all');
      }
      async *count(): AsyncGenerator<Partial<Note>> {}
      async *talk(): AsyncGenerator<Partial<Note>> {}
      greet(name: string): Partial<Note> {
        return { text: `${this.prefix}${name}` };
      }
    }
    const collect = serve(EchoDefinition, new Service(), options).find(({ method }) => method.key === 'collect');
    assert.ok(collect !== undefined);
    const outcome = await collect.handler(aCall({ operation: collect.method }));
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.value, { text: 'hello all' });
  });
});
