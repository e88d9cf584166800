import assert from 'node:assert/strict';
import { Code, createRuntime, RpcError, stack } from '@breakwater/core';
import { settleMicrotasks } from '@breakwater/core/testing';
import { inMemoryRegistry, roundRobin } from '@breakwater/discovery';
import { Channel } from '../channel/channel.js';
import { bindClient } from '../client/client.js';
import { HealthCheckResponse_ServingStatus as Wire } from '../gen/grpc/health/v1/health.pb.js';
import { ServerReflectionDefinition } from '../gen/grpc/reflection/v1/reflection.pb.js';
import { inProcessTransport } from '../in-process/in-process-transport.js';
import type { ServiceDefinition } from '../method/definition.js';
import { reflection } from '../reflection/reflection.js';
import { recover } from '../server/recover.js';
import { serve } from '../server/serve.js';
import { clientLimits, serverLimits } from '../transport/limits.js';
import { Health } from './health.js';

const runtime = createRuntime();

/** Serves health and reflection in process and gives a maker of clients. */
async function world(health: Health): Promise<{
  client: <D extends ServiceDefinition>(definition: D) => ReturnType<typeof bindClient<D>>;
  close: () => Promise<void>;
}> {
  const transport = inProcessTransport();
  const registry = inMemoryRegistry();
  const options = { runtime, stackFor: () => stack(recover(runtime)), abandonAfterMs: 1000, onAbandoned: () => {} };
  const { v1, v1alpha } = reflection([Health.definition]);
  const served = [
    ...serve(Health.definition, health.implementation, options),
    ...serve(v1.definition, v1.implementation, options),
    ...serve(v1alpha.definition, v1alpha.implementation, options),
  ];
  const listener = await transport.listen(
    { name: 'x', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime },
    new Map(served.map((one) => [one.method.path, one])),
  );
  await registry.register({ service: 'x', ...listener.address });
  const channel = new Channel({
    target: 'memory:///x',
    registry,
    transport,
    picker: roundRobin,
    limits: clientLimits(),
    backoff: { initialMs: 1, maxMs: 2 },
    runtime,
    drainGraceMs: 0,
  });
  return {
    client: (definition) =>
      bindClient(definition, { target: 'memory:///x', runtime, handlerFor: (method) => channel.handler(method) }),
    close: async () => {
      await channel.close();
      await listener.close();
      await registry.close();
    },
  };
}

describe('grpc.health.v1', () => {
  it('answers Check with what was set, NOT_FOUND for what nobody set', async () => {
    const health = new Health();
    const { client, close } = await world(health);
    const stub = client(Health.definition);
    assert.equal((await stub.check({ service: '' })).status, Wire.NOT_SERVING);
    health.set('', 'SERVING');
    health.set('a.B', 'NOT_SERVING');
    assert.equal((await stub.check({})).status, Wire.SERVING);
    assert.equal((await stub.check({ service: 'a.B' })).status, Wire.NOT_SERVING);
    await assert.rejects(
      stub.check({ service: 'c.D' }),
      (error) => error instanceof RpcError && error.code === Code.NOT_FOUND,
    );
    assert.deepEqual(Object.keys((await stub.list({})).statuses), ['', 'a.B']);
    await close();
  });

  it('streams the current status at once and then every change; an unknown service is SERVICE_UNKNOWN until it is set', async () => {
    const health = new Health();
    const { client, close } = await world(health);
    const watch = client(Health.definition).watch({ service: 'a.B' });
    const next = async (): Promise<number | undefined> => (await watch.next()).value?.status;
    assert.equal(await next(), Wire.SERVICE_UNKNOWN);
    health.set('a.B', 'SERVING');
    assert.equal(await next(), Wire.SERVING);
    health.set('other', 'SERVING');
    health.set('a.B', 'NOT_SERVING');
    assert.equal(await next(), Wire.NOT_SERVING);
    await watch.return();
    await settleMicrotasks();
    assert.equal((health as unknown as { watchers: Set<unknown> }).watchers.size, 0);
    await close();
  });

  it('says NOT_SERVING for everything after shutdown, whatever is set later', () => {
    const health = new Health();
    health.set('', 'SERVING');
    health.set('a.B', 'SERVING');
    health.shutdown();
    health.set('a.B', 'SERVING');
    assert.deepEqual([health.get(''), health.get('a.B')], ['NOT_SERVING', 'NOT_SERVING']);
  });
});

describe('server reflection', () => {
  it('lists services, and gives files by name and symbol with all they import', async () => {
    const { client, close } = await world(new Health());
    const stub = client(ServerReflectionDefinition);
    async function* ask() {
      yield { messageRequest: { $case: 'listServices', value: '' } } as const;
      yield { messageRequest: { $case: 'fileContainingSymbol', value: 'grpc.health.v1.Health.Check' } } as const;
      yield { messageRequest: { $case: 'fileByFilename', value: 'grpc/health/v1/health.proto' } } as const;
      yield { messageRequest: { $case: 'fileContainingSymbol', value: 'no.Such' } } as const;
      yield {
        messageRequest: { $case: 'allExtensionNumbersOfType', value: 'grpc.health.v1.HealthCheckRequest' },
      } as const;
    }
    const answers = [];
    for await (const { messageResponse } of stub.serverReflectionInfo(ask())) answers.push(messageResponse);
    const [list, bySymbol, byName, missing, extensions] = answers;
    assert.ok(list?.$case === 'listServicesResponse');
    assert.deepEqual(
      list.value.service.map(({ name }) => name),
      ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'],
    );
    assert.ok(bySymbol?.$case === 'fileDescriptorResponse' && byName?.$case === 'fileDescriptorResponse');
    assert.deepEqual(bySymbol.value, byName.value);
    assert.ok(byName.value.fileDescriptorProto[0]?.includes('grpc.health.v1'));
    assert.ok(missing?.$case === 'errorResponse' && missing.value.errorCode === Code.NOT_FOUND);
    assert.ok(extensions?.$case === 'allExtensionNumbersResponse' && extensions.value.extensionNumber.length === 0);
    await close();
  });
});
