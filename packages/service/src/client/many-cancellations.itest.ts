import assert from 'node:assert/strict';
import { type ChatClient, failure, Town } from '../e2e/chat.itest.js';
import { Code } from '../index.js';
import { describeOnEachTransport } from '../e2e/each-transport.itest.js';

describeOnEachTransport('calls among many that are cancelled', (transport) => {
  let town: Town;
  let client: ChatClient;
  beforeEach(async () => {
    town = new Town(transport);
    await town.open({
      one: async ({ text, count }, { cancellation }) => {
        if (text === 'hang') await new Promise<void>((resolve) => cancellation.onCancel(() => resolve()));
        return { text, count };
      },
    });
    // Many lost at once can open the circuit and use up the budget; here it is only about what each of them is told.
    client = town.client({ policies: { circuitBreaker: false, retry: { budget: { reserveTokens: 10_000 } } } });
  });
  afterEach(() => town.close());

  it('succeed when they may be repeated, though the server closes a connection with too many resets', async () => {
    const cancelled = async (): Promise<void> => {
      const controller = new AbortController();
      const call = failure(client.one({ text: 'hang' }, { signal: controller.signal }));
      setImmediate(() => controller.abort());
      const { code, message } = await call;
      // Those in flight when the connection is closed may hear of that first.
      assert.ok(code === Code.CANCELLED || code === Code.UNAVAILABLE, message);
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
  });
});
