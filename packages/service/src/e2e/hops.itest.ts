import assert from 'node:assert/strict';
import { Code, systemClock } from '@breakwater/core';
import type { CallContext } from '@breakwater/rpc';
import { failure, Town } from './chat.itest.js';
import { describeOnEachTransport } from './each-transport.itest.js';

describeOnEachTransport('a call that makes a call, over two real hops', (transport) => {
  let town: Town;
  let inner: CallContext | undefined;
  let innerEnded: Promise<Code | undefined>;
  beforeEach(async () => {
    town = new Town(transport);
    inner = undefined;
    let end: (code: Code | undefined) => void;
    innerEnded = new Promise((resolve) => (end = resolve));
    await town.open(
      {
        one: async ({ text }, context) => {
          inner = context;
          if (text === 'hang')
            await new Promise<void>((resolve) =>
              context.cancellation.onCancel(({ code }) => {
                end(code);
                resolve();
              }),
            );
          return { text };
        },
      },
      { name: 'bank' },
    );
    const bank = town.client({}, 'memory:///bank');
    await town.open({ one: (request) => bank.one(request) });
  });
  afterEach(() => town.close());

  it('hands deadline, request id and trace context on', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const metadata = { 'x-request-id': 'r-1', traceparent, 'x-private': 'p' };
    await town.client().one({ text: 'x' }, { timeoutMs: 2000, metadata });
    const left = (inner?.deadline ?? 0) - systemClock.now();
    assert.ok(left <= 2000 && left > 0, `${left} ms left`);
    assert.equal(inner?.requestId, 'r-1');
    assert.equal(inner.metadata.get('traceparent'), traceparent);
    assert.equal(inner.metadata.get('x-private'), undefined);
  });

  it('cancels the inner call with the outer one', async () => {
    const controller = new AbortController();
    const call = failure(town.client().one({ text: 'hang' }, { signal: controller.signal }));
    while (inner === undefined) await town.client().count({}).next();
    controller.abort();
    assert.equal((await call).code, Code.CANCELLED);
    assert.equal(await innerEnded, Code.CANCELLED);
  });

  it('ends on both hops at the deadline', async () => {
    const client = town.client();
    // Both connections are there: the time is that of the call alone, and it reaches the inner server.
    await client.one({ text: 'x' });
    const error = await failure(client.one({ text: 'hang' }, { timeoutMs: 500 }));
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    // The end of the outer call may reach the inner server some milliseconds before its own timer fires.
    const code = await innerEnded;
    assert.ok(code === Code.DEADLINE_EXCEEDED || code === Code.CANCELLED, `${code}`);
  });
});
