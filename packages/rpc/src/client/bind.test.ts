import assert from 'node:assert/strict';
import { ConfigError, createRuntime, succeed } from '@breakwater/core';
import { EchoDefinition } from '../testing/echo.js';
import { bindClient } from './client.js';

const { one } = EchoDefinition.methods;

describe('a client object', () => {
  const odd = {
    name: 'Odd',
    fullName: 'test.v1.Odd',
    methods: {
      // oxlint-disable-next-line unicorn/no-thenable -- what this test is about
      then: { ...one, name: 'Then' },
      constructor: { ...one, name: 'Constructor' },
      toString: { ...one, name: 'ToString' },
      ['__proto__']: { ...one, name: '__proto__' },
    },
  } as const;
  const client = bindClient(odd, {
    target: 'static:///odd',
    runtime: createRuntime(),
    handlerFor:
      ({ method }) =>
      async () =>
        succeed({ text: method, count: 0 }),
  });

  it('is no promise, whatever its RPCs are called', async () => {
    const same = await (async () => client)();
    assert.equal(same, client);
    assert.equal('then' in client, false);
    assert.equal((await client.then_({})).text, 'Then');
  });

  it('has the RPCs whose names every object has too', async () => {
    assert.equal((await client.constructor({})).text, 'Constructor');
    // oxlint-disable-next-line typescript/no-base-to-string -- an RPC of that name
    assert.equal((await client.toString({})).text, 'ToString');
    assert.equal((await client.__proto__({})).text, '__proto__');
    assert.equal(Object.getPrototypeOf(client), Object.prototype);
  });

  it('is refused for what is no service definition', () => {
    for (const wrong of [undefined, null, {}, 'Payments', { service: {} }]) {
      assert.throws(
        () =>
          bindClient(wrong as never, {
            target: 'static:///x',
            runtime: createRuntime(),
            handlerFor: () => assert.fail(),
          }),
        (error: Error) =>
          error instanceof ConfigError && /definition is .* must be a service definition/.test(error.message),
      );
    }
  });
});
