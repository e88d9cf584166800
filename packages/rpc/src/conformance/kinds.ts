import assert from 'node:assert/strict';
import { Metadata, succeed, type Call } from '@breakwater/core';
import { PEER } from '../transport/transport.js';
import { deferred, RecordingSink, send, type Fixture } from './fixture.js';
import { BIDI, BYTES, CLIENT_STREAM, SERVER_STREAM, UNARY } from './methods.js';

/** The four kinds of RPC on the sunny side. */
export function describeKinds(fixture: () => Fixture): void {
  it('a unary call brings back response, headers and trailers', async () => {
    const handlers = [
      [UNARY, async (call: Call) => succeed({ got: call.request }, Metadata.of({ h: '1' }), Metadata.of({ t: '2' }))],
    ] as const;
    const { connection } = await fixture().pair(handlers);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: { a: 1 } }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual(outcome.value, { got: { a: 1 } });
    assert.equal(outcome.headers.get('h'), '1');
    assert.equal(outcome.trailers.get('t'), '2');
    assert.equal(typeof outcome.peer, 'string');
  });

  it('a server stream arrives in order, headers before messages, trailers with the outcome', async () => {
    const { connection } = await fixture().pair([
      [
        SERVER_STREAM,
        async (call) => {
          call.responses?.headers(Metadata.of({ h: '1' }));
          await send(call, [1, 2, 3]);
          return succeed(undefined, Metadata.EMPTY, Metadata.of({ t: '2' }));
        },
      ],
    ]);
    const sink = new RecordingSink();
    const outcome = await connection.call(
      SERVER_STREAM,
      fixture().call(SERVER_STREAM, { request: 'go', responses: sink }),
    );
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual(sink.messages, [1, 2, 3]);
    assert.deepEqual(sink.log, ['headers', 'message', 'message', 'message']);
    assert.equal(sink.received?.get('h'), '1');
    assert.equal(outcome.trailers.get('t'), '2');
  });

  it('a client stream ends with the one response that the handler makes of it', async () => {
    const { connection } = await fixture().pair([
      [
        CLIENT_STREAM,
        async (call) => {
          let sum = 0;
          for await (const one of call.requests ?? []) sum += one as number;
          return succeed(sum);
        },
      ],
    ]);
    const outcome = await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: counting(4) }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(outcome.value, 10);
  });

  it('a bidi call takes turns: each request is sent only when the answer to the one before has come', async () => {
    const { connection } = await fixture().pair([
      [
        BIDI,
        async (call) => {
          for await (const one of call.requests ?? []) await send(call, [(one as number) * 10]);
          return succeed(undefined);
        },
      ],
    ]);
    let answered = deferred();
    async function* requests(): AsyncGenerator<number> {
      for (let turn = 1; turn <= 5; turn++) {
        answered = deferred();
        yield turn;
        await answered.promise;
      }
    }
    const sink = new RecordingSink(() => {
      answered.resolve();
      return true;
    });
    const outcome = await connection.call(BIDI, fixture().call(BIDI, { requests: requests(), responses: sink }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual(sink.messages, [10, 20, 30, 40, 50]);
  });

  it('a bidi handler may answer before the first request comes', async () => {
    const { connection } = await fixture().pair([
      [
        BIDI,
        async (call) => {
          await send(call, ['hello']);
          for await (const one of call.requests ?? []) assert.equal(one, 'hello to you');
          return succeed(undefined);
        },
      ],
    ]);
    const greeted = deferred();
    async function* requests(): AsyncGenerator<string> {
      await greeted.promise;
      yield 'hello to you';
    }
    const sink = new RecordingSink(() => {
      greeted.resolve();
      return true;
    });
    const outcome = await connection.call(BIDI, fixture().call(BIDI, { requests: requests(), responses: sink }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
  });

  it('empty streams in both directions end well', async () => {
    const { connection } = await fixture().pair([
      [
        BIDI,
        async (call) => {
          for await (const one of call.requests ?? []) assert.fail(`a request came: ${String(one)}`);
          return succeed(undefined);
        },
      ],
    ]);
    const sink = new RecordingSink();
    const outcome = await connection.call(BIDI, fixture().call(BIDI, { requests: counting(0), responses: sink }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual(sink.messages, []);
  });

  for (const size of [0, 1, 100_000, 3_000_000]) {
    it(`messages of ${size} bytes arrive unchanged in both directions`, async () => {
      const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) & 0xff);
      const { connection } = await fixture().pair([
        [
          BYTES,
          async (call) => {
            assert.ok(Buffer.from(call.request as Uint8Array).equals(bytes));
            return succeed(call.request);
          },
        ],
      ]);
      const outcome = await connection.call(BYTES, fixture().call(BYTES, { request: bytes }));
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.ok(Buffer.from(outcome.value as Uint8Array).equals(bytes));
    });
  }

  it('calls that run at the same time each get their own answer', async () => {
    const { connection } = await fixture().pair([
      [
        UNARY,
        async (call) => {
          await fixture().pause((call.request as number) % 7);
          return succeed(call.request);
        },
      ],
    ]);
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const outcomes = await Promise.all(
      numbers.map((request) => connection.call(UNARY, fixture().call(UNARY, { request }))),
    );
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.status)),
      numbers,
    );
  });

  it('the handler sees the operation, the name of its own service and the peer', async () => {
    const { connection } = await fixture().pair([
      [UNARY, async (call) => succeed([call.operation.path, call.target, call.attributes.get(PEER) ?? ''])],
    ]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    const [path, target, peer] = outcome.value as string[];
    assert.equal(path, UNARY.path);
    assert.equal(target, 'conformance');
    assert.match(peer ?? '', /^.+:\d+$/);
  });
}

/** Yields 1 to `count`. */
export async function* counting(count: number): AsyncGenerator<number> {
  for (let one = 1; one <= count; one++) yield one;
}
