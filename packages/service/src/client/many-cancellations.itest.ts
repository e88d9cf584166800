import assert from 'node:assert/strict';
import { type Chat, type ChatClient, failure, Town } from '../e2e/chat.itest.js';
import { Code } from '../index.js';
import type { TransportName } from '../transports.js';

describe('calls among many that are cancelled', () => {
  let town: Town;
  afterEach(() => town.close());

  const connect = async (transport: TransportName): Promise<ChatClient> => {
    town = new Town(transport);
    const one: Chat['one'] = async ({ text, count }, { cancellation }) => {
      if (text === 'hang') await new Promise<void>((resolve) => cancellation.onCancel(() => resolve()));
      return { text, count };
    };
    await town.open({ one });
    // Many lost at once can open the circuit and use up the budget; here it is only about what each of them is told.
    const retry = { budget: { reserveTokens: 10_000 } };
    return town.client({ policies: { circuitBreaker: false, retry } });
  };

  /** @param allowed how those that are cancelled may end */
  const mixed = async (client: ChatClient, allowed: readonly Code[]): Promise<void> => {
    const cancelled = async (): Promise<void> => {
      const controller = new AbortController();
      const call = failure(client.one({ text: 'hang' }, { signal: controller.signal }));
      setImmediate(() => controller.abort());
      const { code, message } = await call;
      assert.ok(allowed.includes(code), message);
    };
    let answered = 0;
    for (let round = 0; round < 40; round++) {
      await Promise.all([
        ...Array.from({ length: 60 }, cancelled),
        (async () => {
          assert.equal((await client.one({ text: 'x', count: round })).count, round);
          answered += 1;
        })(),
      ]);
    }
    assert.equal(answered, 40);
  };

  it('succeed over wire, which keeps the connection', async () => {
    await mixed(await connect('wire'), [Code.CANCELLED]);
  });

  it('succeed over grpc-js when they may be repeated, though the server closes a connection with too many resets', async () => {
    // Those in flight when the connection is closed may hear of that first.
    await mixed(await connect('grpc-js'), [Code.CANCELLED, Code.UNAVAILABLE]);
  });
});
