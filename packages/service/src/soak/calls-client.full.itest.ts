import { Code, RpcError } from '@breakwater/core';
import { SeededRandom } from '@breakwater/core/testing';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import { type ChatClient, ChatDefinition } from '../e2e/chat.itest.js';
import { isMain, obey, transportArgument } from './in-child.full.itest.js';

/** What a round of calls came to: how often each kind was made, and every end that was not the one it should have had. */
export interface Round {
  readonly made: Readonly<Record<string, number>>;
  readonly surprises: readonly string[];
}

const WORKERS = 48;

/** The error a call ended with, if any. */
async function failureOf(call: Promise<unknown>): Promise<RpcError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}

async function* notes(count: number): AsyncGenerator<{ text: string; count: number }> {
  for (let index = 0; index < count; index++) yield { text: 'note', count: index };
}

async function drain(messages: AsyncIterable<unknown>, atMost = Number.POSITIVE_INFINITY): Promise<number> {
  let seen = 0;
  for await (const _message of messages) {
    seen += 1;
    if (seen >= atMost) break;
  }
  return seen;
}

/**
 * Every kind of call with its share of the mix and the code it has to fail with, if any. Calls that end with a reset of their stream
 * are few for the sake of grpc-js: Node's HTTP/2 server closes a connection on which more than 33 per second arrive, after a
 * thousand at once.
 */
const KINDS: readonly {
  readonly name: string;
  readonly share: number;
  readonly code?: Code;
  readonly make: (client: ChatClient, id: number) => Promise<unknown>;
}[] = [
  { name: 'unary', share: 0.9, make: (client, id) => client.one({ text: 'x', count: id }) },
  { name: 'unary, 32 KiB', share: 0.01, make: (client) => client.one({ text: 'x'.repeat(32_768) }) },
  { name: 'error', share: 0.02, code: Code.NOT_FOUND, make: (client) => client.one({ text: 'missing' }) },
  { name: 'retried', share: 0.015, make: (client, id) => client.one({ text: `flaky ${id}` }) },
  {
    name: 'deadline',
    share: 0.001,
    code: Code.DEADLINE_EXCEEDED,
    make: (client) => client.one({ text: 'hang' }, { timeoutMs: 20 }),
  },
  {
    name: 'cancelled',
    share: 0.0015,
    code: Code.CANCELLED,
    make: async (client) => {
      const controller = new AbortController();
      const call = client.one({ text: 'hang' }, { signal: controller.signal });
      setImmediate(() => controller.abort());
      return call;
    },
  },
  {
    name: 'cancelled before it begins',
    share: 0.002,
    code: Code.CANCELLED,
    make: (client) => client.one({}, { signal: AbortSignal.abort() }),
  },
  { name: 'client stream', share: 0.008, make: (client) => client.collect(notes(5)) },
  { name: 'server stream', share: 0.008, make: (client) => drain(client.count({ count: 10 })) },
  { name: 'stream left early', share: 0.001, make: (client) => drain(client.count({ count: 500 }), 2) },
  {
    name: 'stream that breaks',
    share: 0.004,
    code: Code.ABORTED,
    make: (client) => drain(client.count({ text: 'break', count: 10 })),
  },
  { name: 'bidi stream', share: 0.008, make: (client) => drain(client.talk(notes(5))) },
  { name: 'bidi left early', share: 0.001, make: (client) => drain(client.talk(notes(50)), 1) },
];

function kindFor(chance: number): (typeof KINDS)[number] {
  let rest = chance;
  for (const kind of KINDS) {
    rest -= kind.share;
    if (rest < 0) return kind;
  }
  return KINDS[0] as (typeof KINDS)[number];
}

// The near side of the mixed load, with the default stack. Does nothing when mocha loads it.
if (isMain(import.meta.url)) {
  let client: ChatClient | undefined;
  let id = 0;
  const random = new SeededRandom(20_261_122);
  obey({
    connect: async (port) => {
      const transport = transportArgument();
      client = createClient(ChatDefinition, `static:///127.0.0.1:${String(port)}`, { transport });
      await client.one({});
    },
    round: async (calls): Promise<Round> => {
      const made: Record<string, number> = {};
      const surprises: string[] = [];
      let begun = 0;
      const work = async (): Promise<void> => {
        while (begun < (calls as number)) {
          begun += 1;
          id += 1;
          const kind = kindFor(random.next());
          made[kind.name] = (made[kind.name] ?? 0) + 1;
          const failure = await failureOf(kind.make(client as ChatClient, id));
          if (failure?.code !== kind.code) surprises.push(`${kind.name}: ${failure?.message ?? 'OK'}`);
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, work));
      return { made, surprises };
    },
    close: async () => closeClient(client as ChatClient),
  });
}
