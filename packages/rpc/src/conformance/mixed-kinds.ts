import assert from 'node:assert/strict';
import { Code, Metadata, succeed, type RpcKind } from '@breakwater/core';
import type { Method } from '../method/method.js';
import { RecordingSink, send, type Fixture, type Handlers } from './fixture.js';
import { counting } from './kinds.js';
import { BIDI, CLIENT_STREAM, SERVER_STREAM, UNARY } from './methods.js';

const as = (method: Method, kind: RpcKind): Method => ({ ...method, kind });

const HANDLERS: Handlers = [
  [UNARY, async (call) => succeed(call.request, Metadata.of({ h: '1' }), Metadata.of({ t: '2' }))],
  [
    CLIENT_STREAM,
    async (call) => {
      let sum = 0;
      for await (const one of call.requests ?? []) sum += one as number;
      return succeed(sum);
    },
  ],
  [
    SERVER_STREAM,
    async (call) => {
      await send(call, [call.request, call.request]);
      return succeed(undefined);
    },
  ],
  [
    BIDI,
    async (call) => {
      for await (const one of call.requests ?? []) await send(call, [one]);
      return succeed(undefined);
    },
  ],
];

/** The kind is no part of the protocol: a caller may know a method by another one than its server does. */
export function describeMixedKinds(fixture: () => Fixture): void {
  const cases: readonly (readonly [Method, RpcKind, number, unknown[]])[] = [
    [UNARY, 'server_stream', 1, [1]],
    [UNARY, 'bidi', 1, [1]],
    [SERVER_STREAM, 'bidi', 1, [1, 1]],
    [CLIENT_STREAM, 'server_stream', 1, [1]],
    [CLIENT_STREAM, 'bidi', 3, [6]],
    [BIDI, 'server_stream', 1, [1]],
  ];
  for (const [method, kind, requests, expected] of cases) {
    it(`a ${method.kind} method called as ${kind} answers into the sink`, async () => {
      const { connection } = await fixture().pair(HANDLERS);
      const sink = new RecordingSink();
      const messages = kind === 'bidi' ? { requests: counting(requests) } : { request: 1 };
      const outcome = await connection.call(
        as(method, kind),
        fixture().call(as(method, kind), { ...messages, responses: sink }),
      );
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.deepEqual(sink.messages, expected);
      assert.equal(outcome.value, undefined);
      if (method !== UNARY) return;
      assert.deepEqual(sink.log, ['headers', 'message']);
      assert.equal(sink.received?.get('h'), '1');
      assert.equal(outcome.trailers.get('t'), '2');
    });
  }

  async function* twoAndNoEnd(): AsyncGenerator<number> {
    yield* counting(2);
    await new Promise(() => {});
  }
  for (const [requests, what] of [
    [() => counting(0), 'no message'],
    [() => counting(2), 'two messages'],
    [twoAndNoEnd, 'a second message, even before it ends'],
  ] as const) {
    it(`a method that takes one message is not started for a stream with ${what}`, async () => {
      let started = 0;
      const { connection } = await fixture().pair([[UNARY, async () => succeed(started++)]]);
      const asBidi = as(UNARY, 'bidi');
      const outcome = await connection.call(
        asBidi,
        fixture().call(asBidi, { requests: requests(), responses: new RecordingSink() }),
      );
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.UNIMPLEMENTED);
      assert.equal(started, 0);
    });
  }

  it('a caller that takes one message refuses a stream of two', async () => {
    const { connection } = await fixture().pair(HANDLERS);
    const asUnary = as(SERVER_STREAM, 'unary');
    const outcome = await connection.call(asUnary, fixture().call(asUnary, { request: 1 }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.UNIMPLEMENTED);
  });
}
