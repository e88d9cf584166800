import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import { ConfigError } from '@breakwater/core';
import { InMemoryRegistry, type Registration } from '@breakwater/discovery';
import { ended, PlainApp, type AppClient, type Ended } from '../interceptor/plain-app.itest.js';
import { installRegistry } from './install.js';

type Callback = (error: null, value: unknown) => void;

describe('a registry behind plain grpc-js channels', () => {
  const app = new PlainApp();
  let registry: InMemoryRegistry;
  beforeEach(() => {
    registry = new InMemoryRegistry();
  });
  afterEach(async () => {
    app.close();
    await registry.close();
  });

  /** A server that answers with its name, registered. */
  const instance = async (name: string, weight = 1): Promise<Registration> => {
    const port = await app.serve({ Unary: (_call: unknown, callback: Callback) => callback(null, name) });
    return registry.register({ service: 'plain', host: '127.0.0.1', port, weight });
  };
  const call = (client: AppClient): Promise<Ended> =>
    ended((callback) => client.Unary(1, new Metadata(), { deadline: Date.now() + 5000 }, callback));
  const tally = async (client: AppClient, calls: number): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (let one = 0; one < calls; one++) {
      const { error, value } = await call(client);
      assert.equal(error, null);
      counts[String(value)] = (counts[String(value)] ?? 0) + 1;
    }
    return counts;
  };
  /** Calls until all of `names` have answered: their connections are up then. */
  const warm = async (client: AppClient, names: readonly string[]): Promise<void> => {
    const missing = new Set(names);
    while (missing.size > 0) missing.delete(String((await call(client)).value));
  };

  for (const balancer of ['breakwater_p2c', 'breakwater_round_robin', 'grpc-js'] as const) {
    it(`resolves a target, with the balancer ${balancer}`, async () => {
      installRegistry(registry, { balancer });
      await instance('a');
      await instance('b');
      const client = app.client('memory:///plain');
      if (balancer === 'grpc-js') assert.equal(Object.keys(await tally(client, 10)).length, 1);
      else await warm(client, ['a', 'b']);
    });
  }

  it('round robin follows the weights', async () => {
    installRegistry(registry, { balancer: 'breakwater_round_robin' });
    await instance('heavy', 3);
    await instance('light', 1);
    const client = app.client('memory:///plain');
    await warm(client, ['heavy', 'light']);
    assert.deepEqual(await tally(client, 40), { heavy: 30, light: 10 });
  });

  it('the choice of two looks at the calls in flight: a server that hangs does not get more and more of them', async () => {
    installRegistry(registry);
    let hanging = 0;
    const port = await app.serve({ Unary: () => void hanging++ });
    await registry.register({ service: 'plain', host: '127.0.0.1', port });
    await instance('quick');
    const client = app.client('memory:///plain');
    let answered = 0;
    const fire = (): void => void call(client).then(({ value }) => value === 'quick' && answered++);
    // Until both have a call: both are connected then.
    while (hanging === 0 || answered === 0) {
      fire();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const stuck = hanging;
    for (let one = 0; one < 60; one++) {
      const before = hanging + answered;
      fire();
      while (hanging + answered === before) await new Promise(setImmediate);
    }
    hanging -= stuck;
    assert.ok(hanging <= 3, `${hanging} of 60 calls went to the server that hangs`);
  });

  it('a name that nobody has fails at once and says which registry was asked; it recovers when somebody comes', async () => {
    installRegistry(registry);
    const client = app.client('memory:///plain');
    const { error } = await call(client);
    assert.equal(error?.code, status.UNAVAILABLE);
    assert.match(error?.details ?? '', /plain.*in-memory registry|in-memory registry.*plain/);
    await instance('late');
    await warm(client, ['late']);
  });

  it('an instance that leaves gets no more calls, and the connection to the others is kept', async () => {
    installRegistry(registry, { balancer: 'breakwater_round_robin' });
    const leaving = await instance('leaving');
    await instance('staying');
    await instance('other');
    const client = app.client('memory:///plain');
    await warm(client, ['leaving', 'staying', 'other']);
    await leaving.deregister();
    const counts = await tally(client, 20);
    assert.equal(counts['leaving'], undefined);
    assert.deepEqual([counts['staying'], counts['other']], [10, 10]);
  });

  it('an instance that nobody listens for is passed by', async () => {
    installRegistry(registry);
    const gone = await app.serve({});
    app.close();
    await registry.register({ service: 'plain', host: '127.0.0.1', port: gone });
    await instance('alive');
    assert.deepEqual(await tally(app.client('memory:///plain'), 20), { alive: 20 });
  });

  it('refuses a balancer that does not exist and names the nearest', () => {
    assert.throws(
      () => installRegistry(registry, { balancer: 'breakwater_p2' as 'breakwater_p2c' }),
      (error) => error instanceof ConfigError && /did you mean breakwater_p2c/.test(error.message),
    );
  });
});
