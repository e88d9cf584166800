import assert from 'node:assert/strict';
import { createRuntime, type PolicyEvent } from '@breakwater/core';
import { type FaultProxy, startFaultProxy } from '@breakwater/testing';
import { Code, closeClient, createClient, createService, NO_CONFIG, RpcError, type Service } from '../index.js';
import { echo, EchoDefinition } from '../testing/echo.js';
import { describeOnEachTransport } from '../e2e/each-transport.itest.js';

/** The error of a call that is to fail. */
async function failure(call: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await call.then(
    () => assert.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RpcError, String(error));
  return error;
}

/** Resolves when the condition holds; the test's time limit bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describeOnEachTransport('calls over connections that break', function (transport) {
  this.timeout(20_000);
  let service: Service;
  let proxy: FaultProxy;
  let client: ReturnType<typeof connect>;
  let events: PolicyEvent[];
  /** Handlers that have begun, by the text of their request, and what lets them answer. */
  let begun: string[];
  let held: Map<string, () => void>;

  const connect = () => {
    const runtime = createRuntime();
    runtime.events.subscribe((event) => events.push(event));
    // A connection that did not last for the first backoff is made anew only after it; here none has to wait.
    return createClient(EchoDefinition, proxy.address, {
      runtime,
      transport,
      config: NO_CONFIG,
      backoff: { initialMs: 1 },
    });
  };

  beforeEach(async () => {
    events = [];
    begun = [];
    held = new Map();
    const once = async (text: string): Promise<void> => {
      begun.push(text);
      // The first call of a held text waits; a repeated one answers.
      if (text.startsWith('held') && begun.filter((one) => one === text).length === 1)
        await new Promise<void>((resolve) => held.set(text, resolve));
    };
    const handlers = echo({
      one: async ({ text, count }) => {
        await once(text);
        return { text, count };
      },
      charge: async ({ text, count }) => {
        await once(text);
        return { text, count };
      },
    });
    service = createService({
      transport,
      name: 'echo',
      config: NO_CONFIG,
      logger: false,
      signals: false,
      lifecycle: { drainTimeoutMs: 500 },
    }).add(EchoDefinition, handlers);
    const { host, port } = await service.start();
    proxy = await startFaultProxy({ target: `${host}:${port}` });
    client = connect();
    await client.one({ text: 'warm' });
  });

  afterEach(async () => {
    for (const letGo of held.values()) letGo();
    await closeClient(client, 0);
    await proxy.close();
    await service.stop();
  });

  it('a connection that is reset in flight costs an idempotent call one more attempt', async () => {
    const answer = client.one({ text: 'held', count: 7 });
    await until(() => begun.includes('held'));
    proxy.cut();
    assert.equal((await answer).count, 7);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'retry' ? [event.nextAttempt, event.status.reason] : [])),
      [2, 'CONNECTION_LOST'],
    );
  });

  it('a call that may have been done already is not repeated', async () => {
    const answer = client.charge({ text: 'held' });
    await until(() => begun.includes('held'));
    proxy.cut();
    const error = await failure(answer);
    assert.deepEqual([error.code, error.reason], [Code.UNAVAILABLE, 'CONNECTION_LOST']);
    assert.equal(begun.filter((text) => text === 'held').length, 1);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'retry_refused' ? [event.why] : [])),
      ['not_idempotent'],
    );
  });

  it('a black hole ends a call at its deadline, and the connection serves again when it is gone', async () => {
    const repair = proxy.add({ kind: 'black_hole' });
    const error = await failure(client.one({ text: 'lost' }, { timeoutMs: 100 }));
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    assert.equal(begun.includes('lost'), false, 'it got through a black hole');
    repair();
    assert.equal((await client.one({ text: 'found', count: 3 })).count, 3);
    assert.equal(proxy.totals.accepted, 1, 'the connection was given up');
  });

  it('a target that refuses connections fails calls at once, saying why, and serves when it is back', async () => {
    await proxy.down();
    const error = await failure(client.one({ text: 'refused' }));
    assert.deepEqual([error.code, error.reason], [Code.UNAVAILABLE, 'CONNECT_FAILED']);
    assert.match(error.message, /ECONNREFUSED|refused/);
    await proxy.up();
    assert.equal((await client.one({ text: 'again', count: 4 }, { waitForReady: true })).count, 4);
  });

  it('messages that arrive in pieces of a few bytes are whole', async () => {
    proxy.add({ kind: 'slicer', averageBytes: 3, variationBytes: 2 });
    const text = 'word '.repeat(200);
    assert.equal((await client.one({ text })).text, text);
  });
});
