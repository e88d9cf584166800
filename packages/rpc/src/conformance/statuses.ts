import assert from 'node:assert/strict';
import { Code, fail, succeed, type Status } from '@breakwater/core';
import { errorInfo } from '../status/wire-status.js';
import { RecordingSink, send, type Fixture, type TransportFeatures } from './fixture.js';
import { BIDI, CLIENT_STREAM, GARBLED, POISON, SERVER_STREAM, UNARY } from './methods.js';
import { counting } from './kinds.js';

/** How calls fail. */
export function describeStatuses(fixture: () => Fixture, features: TransportFeatures): void {
  const failWith = async (status: Status): Promise<Status> => {
    const { connection } = await fixture().pair([[UNARY, async () => fail(status)]]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.sent, 'unknown');
    assert.equal(outcome.status.origin, 'remote');
    return outcome.status;
  };

  for (let code = Code.CANCELLED; code <= Code.UNAUTHENTICATED; code++) {
    it(`the code ${Code[code]} arrives with its text`, async () => {
      const status = await failWith({ code, details: `because ${code}`, origin: 'handler' });
      assert.equal(status.code, code);
      assert.equal(status.details, `because ${code}`);
    });
  }

  it('text outside ASCII, percent signs and line breaks survive', async () => {
    const details = 'größe 100 % überschritten\nzeile zwei — 日本 😀 #1/2?&=';
    assert.equal((await failWith({ code: Code.OUT_OF_RANGE, details, origin: 'handler' })).details, details);
  });

  it('half of a surrogate pair does not break the answer', async () => {
    const status = await failWith({ code: Code.OUT_OF_RANGE, details: 'half \ud83d', origin: 'handler' });
    assert.equal(status.code, Code.OUT_OF_RANGE);
  });

  it('the reason arrives', async () => {
    assert.equal(
      (await failWith({ code: Code.NOT_FOUND, details: '', origin: 'handler', reason: 'ORDER_UNKNOWN' })).reason,
      'ORDER_UNKNOWN',
    );
  });

  it('the time to wait arrives, and "do not try again" too', async () => {
    const again = { code: Code.RESOURCE_EXHAUSTED, details: '', origin: 'handler' } as const;
    assert.equal((await failWith({ ...again, retryAfterMs: 1500 })).retryAfterMs, 1500);
    assert.equal((await failWith({ ...again, retryAfterMs: -1 })).retryAfterMs, -1);
  });

  it('rich details arrive beside the reason', async () => {
    const detail = errorInfo('STOCK_EMPTY', 'shop', { sku: '4711' });
    const status = await failWith({
      code: Code.FAILED_PRECONDITION,
      details: '',
      origin: 'handler',
      richDetails: [detail],
    });
    assert.equal(status.richDetails?.[0]?.typeUrl, detail.typeUrl);
    assert.deepEqual([...(status.richDetails?.[0]?.value ?? [])], [...detail.value]);
    assert.equal(status.reason, 'STOCK_EMPTY');
  });

  it('a stream that fails before its first message brings no headers, so that it can be retried', async () => {
    const failed = fail({ code: Code.UNAVAILABLE, details: 'early', origin: 'handler' });
    const { connection } = await fixture().pair([[SERVER_STREAM, async () => failed]]);
    const sink = new RecordingSink();
    const outcome = await connection.call(
      SERVER_STREAM,
      fixture().call(SERVER_STREAM, { request: 1, responses: sink }),
    );
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.details, 'early');
    assert.deepEqual(sink.log, []);
  });

  it('a stream that fails after messages ends with its status', async () => {
    const { connection } = await fixture().pair([
      [
        SERVER_STREAM,
        async (call) => {
          await send(call, [1, 2, 3]);
          return fail({ code: Code.DATA_LOSS, details: 'late', origin: 'handler' });
        },
      ],
    ]);
    const sink = new RecordingSink();
    const outcome = await connection.call(
      SERVER_STREAM,
      fixture().call(SERVER_STREAM, { request: 1, responses: sink }),
    );
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.DATA_LOSS);
    if (features.messagesBeforeFailure === false)
      assert.deepEqual(sink.messages, [1, 2, 3].slice(0, sink.messages.length));
    else assert.deepEqual(sink.messages, [1, 2, 3]);
  });

  it('a handler that rejects is INTERNAL for the caller, and its text stays inside', async () => {
    for (const method of [UNARY, BIDI]) {
      const { connection } = await fixture().pair([
        [method, () => Promise.reject(new Error('secret of the database'))],
      ]);
      const streams = method === BIDI ? { requests: counting(1), responses: new RecordingSink() } : { request: 1 };
      const outcome = await connection.call(method, fixture().call(method, streams));
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.INTERNAL);
      assert.equal(outcome.status.reason, 'HANDLER_DEFECT');
      assert.doesNotMatch(JSON.stringify(outcome.status), /secret/);
    }
  });

  it('a request that cannot be encoded fails here and is never sent', async () => {
    let calls = 0;
    const { connection } = await fixture().pair([
      [
        UNARY,
        async () => {
          calls++;
          return succeed(1);
        },
      ],
    ]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: POISON }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.INTERNAL);
    assert.equal(outcome.status.reason, 'ENCODE_FAILED');
    assert.equal(outcome.status.origin, 'local');
    assert.equal(outcome.sent, 'no');
    assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1 }))).ok);
    assert.equal(calls, 1);
  });

  it('a streamed request that cannot be encoded ends the call', async () => {
    const { connection } = await fixture().pair([
      [
        CLIENT_STREAM,
        async (call) => {
          for await (const _ of call.requests ?? []);
          return succeed(1);
        },
      ],
    ]);
    async function* requests(): AsyncGenerator<unknown> {
      yield 1;
      yield POISON;
      yield 2;
    }
    const outcome = await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: requests() }));
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.reason, 'ENCODE_FAILED');
  });

  it('a response that cannot be encoded is INTERNAL, ENCODE_FAILED', async () => {
    const { connection } = await fixture().pair([
      [UNARY, async () => succeed(POISON)],
      [SERVER_STREAM, async (call) => send(call, [1, POISON]).then(() => succeed(undefined))],
    ]);
    const unary = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    const streamed = await connection.call(
      SERVER_STREAM,
      fixture().call(SERVER_STREAM, { request: 1, responses: new RecordingSink() }),
    );
    for (const outcome of [unary, streamed]) {
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.INTERNAL);
      assert.equal(outcome.status.reason, 'ENCODE_FAILED');
    }
  });

  it('a request or response that cannot be decoded is INTERNAL, DECODE_FAILED', async () => {
    const { connection } = await fixture().pair([[GARBLED, async () => succeed(1)]]);
    for (const request of [POISON, 'fine']) {
      const outcome = await connection.call(GARBLED, fixture().call(GARBLED, { request }));
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.INTERNAL);
      assert.equal(outcome.status.reason, 'DECODE_FAILED');
    }
  });

  it('a method that is not served is UNIMPLEMENTED, METHOD_UNKNOWN, for every kind', async () => {
    const { connection } = await fixture().pair([]);
    for (const method of [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI]) {
      const request = method === UNARY || method === SERVER_STREAM ? { request: 1 } : { requests: counting(3) };
      const responses = method === SERVER_STREAM || method === BIDI ? { responses: new RecordingSink() } : {};
      const outcome = await connection.call(method, fixture().call(method, { ...request, ...responses }));
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.UNIMPLEMENTED);
      assert.equal(outcome.status.reason, 'METHOD_UNKNOWN');
    }
  });
}
