import assert from 'node:assert/strict';
import {
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  makeGenericClientConstructor,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { Code, ConfigError, createRuntime, RpcError, type Runtime } from '@breakwater/core';
import { inMemoryRegistry, type InMemoryRegistry } from '@breakwater/discovery';
import { NO_CONFIG } from '../config/config.js';
import { createService, type Service } from '../server/create-service.js';
import { echo, EchoDefinition } from '../testing/echo.js';
import { TRANSPORT_NAMES } from '../transports.js';
import { breakerOf, closeClient, inspectClient } from './client-handle.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';
import { createStubChannel } from './create-stub-channel.js';

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

/** `EchoDefinition` as `@grpc/proto-loader` would have it. */
const ECHO = Object.fromEntries(
  Object.values(EchoDefinition.methods).map(({ name, requestStream, responseStream, options }) => [
    name,
    {
      path: `/test.v1.Echo/${name}`,
      requestStream,
      responseStream,
      requestSerialize: encode,
      requestDeserialize: decode,
      responseSerialize: encode,
      responseDeserialize: decode,
      options: { idempotency_level: 'idempotencyLevel' in options ? options.idempotencyLevel : undefined },
    },
  ]),
) as unknown as ServiceDefinition;

type Callback = (error: ServiceError | null, value?: unknown) => void;

interface EchoStub extends Client {
  One(request: object, callback: Callback): ClientUnaryCall;
  Charge(request: object, callback: Callback): ClientUnaryCall;
  Count(request: object): ClientReadableStream<unknown>;
}

const EchoStub = makeGenericClientConstructor(ECHO, 'Echo');

type Handlers = ReturnType<typeof echo>;

const answerOf = (call: (callback: Callback) => unknown): Promise<unknown> =>
  new Promise((resolve) => {
    call((error, value) => resolve(error === null ? value : Code[error.code]));
  });

for (const transport of TRANSPORT_NAMES) {
  describe(`createStubChannel over ${transport}`, () => {
    let runtime: Runtime;
    let registry: InMemoryRegistry;
    let service: Service;
    let handlers: { -readonly [Name in keyof Handlers]?: Handlers[Name] };
    let opened: object[];
    beforeEach(async () => {
      runtime = createRuntime();
      registry = inMemoryRegistry({ clock: runtime.clock });
      handlers = {};
      opened = [];
      service = createService({
        name: 'echo',
        host: '127.0.0.1',
        port: 0,
        registry,
        transport,
        runtime,
        signals: false,
        logger: false,
        config: NO_CONFIG,
      }).add(EchoDefinition, {
        ...echo(),
        one: (request, context) => (handlers.one ?? echo().one)(request, context),
        charge: (request, context) => (handlers.charge ?? echo().charge)(request, context),
      });
      await service.start();
    });
    afterEach(async () => {
      await Promise.all(opened.map((client) => closeClient(client, 0)));
      await service.stop();
    });

    const channelOf = (options: ClientOptions = {}): ReturnType<typeof createStubChannel> => {
      const channel = createStubChannel(ECHO, 'memory:///echo', {
        registry,
        transport,
        runtime,
        config: NO_CONFIG,
        ...options,
      });
      opened.push(channel);
      return channel;
    };
    const stubOf = (channelOverride = channelOf()): EchoStub =>
      new EchoStub('', credentials.createInsecure(), { channelOverride }) as unknown as EchoStub;

    it('makes calls of a stub with the default deadline, over the connections that clients of the target share', async () => {
      let timeLeftMs = 0;
      handlers.one = async ({ text }, context) => {
        timeLeftMs = (context.deadline ?? Number.POSITIVE_INFINITY) - runtime.clock.now();
        return { text };
      };
      const channel = channelOf();
      const stub = stubOf(channel);
      assert.deepEqual(await answerOf((callback) => stub.One({ text: 'a', count: 1 }, callback)), {
        text: 'a',
        count: 0,
      });
      assert.ok(timeLeftMs > 0 && timeLeftMs <= 5000, `${timeLeftMs} ms were left`);
      const counted: unknown[] = [];
      for await (const one of stub.Count({ text: '', count: 3 })) counted.push(one);
      assert.deepEqual(
        counted.map((one) => (one as { count: number }).count),
        [0, 1, 2],
      );
      const typed = createClient(EchoDefinition, 'memory:///echo', { registry, transport, runtime, config: NO_CONFIG });
      opened.push(typed);
      await typed.one({});
      assert.deepEqual(inspectClient(typed), inspectClient(channel));
    });

    it('repeats what the definition calls idempotent, and nothing else', async () => {
      const calls = { one: 0, charge: 0 };
      handlers.one = async ({ text }) => {
        if ((calls.one += 1) < 3) throw new RpcError(Code.UNAVAILABLE, 'not yet');
        return { text };
      };
      handlers.charge = async () => {
        calls.charge += 1;
        throw new RpcError(Code.UNAVAILABLE, 'no');
      };
      const stub = stubOf();
      assert.deepEqual(await answerOf((callback) => stub.One({ text: 'b', count: 0 }, callback)), {
        text: 'b',
        count: 0,
      });
      assert.equal(await answerOf((callback) => stub.Charge({}, callback)), 'UNAVAILABLE');
      assert.deepEqual(calls, { one: 3, charge: 1 });
    });

    it('shows the breaker of a method to breakerOf', async () => {
      const channel = channelOf();
      const stub = stubOf(channel);
      breakerOf(channel, 'One').isolate();
      assert.equal(await answerOf((callback) => stub.One({}, callback)), 'UNAVAILABLE');
      assert.notEqual(await answerOf((callback) => stub.Charge({}, callback)), 'UNAVAILABLE');
      breakerOf(channel, 'One').reset();
      assert.notEqual(await answerOf((callback) => stub.One({}, callback)), 'UNAVAILABLE');
    });

    it('refuses calls when it is closed, while others of the target go on', async () => {
      const [first, second] = [channelOf(), channelOf()];
      const [closed, open] = [stubOf(first), stubOf(second)];
      await closeClient(first);
      assert.equal(await answerOf((callback) => closed.One({}, callback)), 'UNAVAILABLE');
      assert.notEqual(await answerOf((callback) => open.One({}, callback)), 'UNAVAILABLE');
    });

    it('names what is wrong with an option or a service', () => {
      assert.throws(() => channelOf({ policies: { retry: { maxAttempts: 0 } } }), /retry\.maxAttempts/);
      assert.throws(() => channelOf({ methods: { Onne: {} } }), /Onne.*One/);
      assert.throws(() => channelOf({ transport: 'quic' as never }), /transport.*wire/);
      const contradiction = { deadline: { timeoutMs: 100 }, attemptTimeout: { timeoutMs: 500 } };
      assert.throws(() => channelOf({ policies: contradiction }), ConfigError);
      for (const wrong of [undefined, null, 'Echo', EchoDefinition])
        assert.throws(() => createStubChannel(wrong as never, 'memory:///echo', { registry }), /service.*proto-loader/);
    });
  });
}
