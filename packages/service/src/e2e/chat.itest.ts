import { type Code, RpcError } from '@breakwater/core';
import { inMemoryRegistry, type InMemoryRegistry } from '@breakwater/discovery';
import type { MessageType, ServiceImplementation } from '@breakwater/rpc';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import type { ClientOptions } from '../client/client-options.js';
import { createService, type Service, type ServiceOptions } from '../server/create-service.js';
import type { TransportName } from '../transports.js';

interface Note {
  readonly text: string;
  readonly count: number;
}

const Note: MessageType<Note, Partial<Note>> = {
  encode: (message) => ({ finish: () => Buffer.from(JSON.stringify(message)) }),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Note,
  fromPartial: (partial) => ({ text: partial.text ?? '', count: partial.count ?? 0 }),
};

const both = { requestType: Note, responseType: Note } as const;

/** A service with one method of each kind; `one` may be repeated. */
export const ChatDefinition = {
  name: 'Chat',
  fullName: 'test.v1.Chat',
  methods: {
    one: {
      ...both,
      name: 'One',
      requestStream: false,
      responseStream: false,
      options: { idempotencyLevel: 'IDEMPOTENT' },
    },
    collect: { ...both, name: 'Collect', requestStream: true, responseStream: false, options: {} },
    count: { ...both, name: 'Count', requestStream: false, responseStream: true, options: {} },
    talk: { ...both, name: 'Talk', requestStream: true, responseStream: true, options: {} },
  },
} as const;

export type Chat = ServiceImplementation<typeof ChatDefinition>;
export type ChatClient = ReturnType<typeof createClient<typeof ChatDefinition>>;

export const chat = (overrides: Partial<Chat> = {}): Chat => ({
  one: async ({ text, count }) => ({ text, count }),
  collect: async (requests) => {
    let count = 0;
    for await (const _note of requests) count += 1;
    return { count };
  },
  async *count({ count }) {
    for (let index = 0; index < count; index++) yield { count: index };
  },
  async *talk(requests) {
    for await (const { text, count } of requests) yield { text: text.toUpperCase(), count };
  },
  ...overrides,
});

/** Services and clients of one test over real sockets; `close` ends them all. */
export class Town {
  readonly registry: InMemoryRegistry = inMemoryRegistry();
  private readonly services: Service[] = [];
  private readonly clients: object[] = [];

  constructor(private readonly transport: TransportName) {}

  /** Starts an instance of `payments` unless named otherwise. */
  async open(handlers: Partial<Chat> = {}, options: Partial<ServiceOptions> = {}): Promise<Service & { port: number }> {
    const service = createService({
      name: 'payments',
      registry: this.registry,
      signals: false,
      logger: false,
      lifecycle: { propagationWaitMs: 50 },
      transport: this.transport,
      ...options,
    }).add(ChatDefinition, chat(handlers));
    const { port } = await service.start();
    this.services.push(service);
    return Object.assign(service, { port });
  }

  client(options: ClientOptions = {}, target = 'memory:///payments'): ChatClient {
    const client = createClient(ChatDefinition, target, {
      registry: this.registry,
      transport: this.transport,
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => closeClient(client, 0)));
    await Promise.all(this.services.map((service) => service.stop()));
    await this.registry.close();
  }
}

/** The error a promise rejects with. @throws Error when it does not, or with something else */
export const failure = async (promise: Promise<unknown>): Promise<RpcError> => {
  const thrown = await promise.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  if (thrown instanceof RpcError) return thrown;
  throw thrown;
};

/** Calls `one` from several workers at once until `until()`. @returns how many succeeded, and the codes of those that did not */
export async function load(client: ChatClient, until: () => boolean): Promise<{ ok: number; failed: Code[] }> {
  const result = { ok: 0, failed: [] as Code[] };
  const work = async (): Promise<void> => {
    while (!until()) {
      try {
        await client.one({ text: 'load' });
        result.ok += 1;
      } catch (error) {
        result.failed.push((error as RpcError).code);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return result;
}
