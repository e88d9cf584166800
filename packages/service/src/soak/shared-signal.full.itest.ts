import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Code } from '@breakwater/core';
import { type ChatClient, failure, Town } from '../e2e/chat.itest.js';
import { describeOnEachTransport } from '../e2e/each-transport.itest.js';

const CALLS = 100_000;
const WORKERS = 100;

/** As an application does that ends all its calls with itself. */
describeOnEachTransport('one AbortSignal for all calls of a process', function (transport) {
  this.timeout(10 * 60_000);
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
    client = town.client();
  });
  afterEach(() => town.close());

  it('has one listener while calls are in flight, and none after a hundred thousand', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const controller = new AbortController();
    const { signal } = controller;
    let begun = 0;
    const work = async (): Promise<void> => {
      while (begun < CALLS) {
        begun += 1;
        if (begun % 10 === 0) for await (const _note of client.count({ count: 3 }, { signal }));
        else await client.one({ count: begun }, { signal });
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    assert.equal(getEventListeners(signal, 'abort').length, 0);

    const hanging = Array.from({ length: WORKERS }, () => failure(client.one({ text: 'hang' }, { signal })));
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
    controller.abort();
    for (const { code } of await Promise.all(hanging)) assert.equal(code, Code.CANCELLED);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });
});
