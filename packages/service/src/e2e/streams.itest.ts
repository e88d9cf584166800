import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import { failure, Town } from './chat.itest.js';
import { describeOnEachTransport } from './each-transport.itest.js';

async function* notes(count: number, text = ''): AsyncGenerator<{ text: string; count: number }> {
  for (let index = 0; index < count; index++) yield { text, count: index };
}

const LARGE = 'x'.repeat(50_000);

describeOnEachTransport('calls of all four kinds over sockets', (transport) => {
  let town: Town;
  beforeEach(() => {
    town = new Town(transport);
  });
  afterEach(() => town.close());

  for (const compression of ['identity', 'gzip', 'deflate'] as const) {
    it(`carry their messages, ${compression}`, async () => {
      await town.open();
      const client = town.client({ limits: { compression } });
      assert.equal((await client.one({ text: LARGE })).text, LARGE);
      assert.equal((await client.collect(notes(50, LARGE))).count, 50);
      let read = 0;
      for await (const { count } of client.count({ count: 50 })) assert.equal(count, read++);
      assert.equal(read, 50);
      let answered = 0;
      for await (const { text, count } of client.talk(notes(50, 'abc'))) {
        assert.equal(text, 'ABC');
        assert.equal(count, answered++);
      }
      assert.equal(answered, 50);
    });
  }

  it('hold a server back whose caller reads slowly, and go on when it reads', async () => {
    let produced = 0;
    await town.open({
      async *count() {
        for (;;) yield { text: LARGE, count: produced++ };
      },
    });
    const stream = town.client().count({});
    await stream.next();
    // Until nothing moves any more: a hundred other calls in a row without a message.
    const other = town.client();
    let still = 0;
    while (still < 100) {
      const before = produced;
      await other.one({});
      still = produced === before ? still + 1 : 0;
    }
    const held = produced;
    assert.ok(held < 500, `${held} messages of 50 kB were produced for one that was read`);
    for (let read = 0; read < held; read++) await stream.next();
    assert.ok(produced > held);
    await stream.return();
  });

  it('hold a client back whose server reads slowly', async () => {
    let go: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    await town.open({
      collect: async (requests) => {
        await gate;
        let count = 0;
        for await (const _note of requests) count += 1;
        return { count };
      },
    });
    const client = town.client();
    let sent = 0;
    const answer = client.collect(
      (async function* () {
        for (; sent < 2000; sent++) yield { text: LARGE };
      })(),
      { timeoutMs: 60_000 },
    );
    let still = 0;
    while (still < 100) {
      const before = sent;
      await client.one({});
      still = sent === before ? still + 1 : 0;
    }
    assert.ok(sent < 500, `${sent} messages of 50 kB were taken that nobody has read`);
    go?.();
    assert.equal((await answer).count, 2000);
  }).timeout(60_000);

  it('are cancelled on the server when the caller gives up a read that waits', async () => {
    let cancelled: (() => void) | undefined;
    const seen = new Promise<void>((resolve) => (cancelled = resolve));
    await town.open({
      async *count(_request, context) {
        yield {};
        await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
        cancelled?.();
      },
    });
    const stream = town.client().count({});
    await stream.next();
    const pending = stream.next();
    await stream.return();
    assert.equal((await pending).done, true);
    await seen;
  });

  it('end with MESSAGE_TOO_LARGE over the limit of either side, either way, naming the option', async () => {
    await town.open(
      { one: async ({ count }) => ({ text: 'y'.repeat(count) }) },
      { limits: { maxReceiveMessageBytes: 10_000, maxSendMessageBytes: 20_000 } },
    );
    const client = town.client({ limits: { maxSendMessageBytes: 15_000, maxReceiveMessageBytes: 5000 } });
    const cases = [
      [{ text: 'x'.repeat(16_000) }, /limits\.maxSendMessageBytes/],
      [{ text: 'x'.repeat(12_000) }, /maxReceiveMessageBytes/],
      [{ count: 21_000 }, /maxSendMessageBytes/],
      [{ count: 6000 }, /limits\.maxReceiveMessageBytes/],
    ] as const;
    for (const [request, option] of cases) {
      const error = await failure(client.one(request));
      assert.equal(error.code, Code.RESOURCE_EXHAUSTED, error.message);
      assert.equal(error.reason, 'MESSAGE_TOO_LARGE');
      assert.match(error.details, option);
      assert.equal(error.attempts.length, 0, 'it was tried again');
    }
    assert.equal((await client.one({ count: 4000 })).text.length, 4000);
  });

  it('take every limit there is', async () => {
    const common = { maxHeaderBytes: 32_768, keepaliveTimeMs: 60_000, keepaliveTimeoutMs: 5000 };
    await town.open(
      {},
      {
        limits: {
          ...common,
          maxConcurrentStreams: 5,
          maxConnectionAgeMs: 60_000,
          maxConnectionAgeGraceMs: 1000,
          maxConnectionIdleMs: 60_000,
        },
      },
    );
    const client = town.client({ limits: common });
    // More at once than the connection has streams: the rest waits for a place.
    const answers = await Promise.all(Array.from({ length: 20 }, (_, count) => client.one({ count })));
    assert.deepEqual(
      answers.map(({ count }) => count),
      Array.from({ length: 20 }, (_, count) => count),
    );
  });
});
