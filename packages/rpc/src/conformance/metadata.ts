import assert from 'node:assert/strict';
import { Code, fail, Metadata, succeed } from '@breakwater/core';
import { encodeStatus } from '../status/wire-status.js';
import { RecordingSink, type Fixture, type RepeatedText, type TransportFeatures } from './fixture.js';
import { SERVER_STREAM, UNARY } from './methods.js';

const BYTES = Uint8Array.from([0, 1, 2, 250, 255]);
const SENT = Metadata.of({
  'x-text': 'plain text; with, signs',
  'x-bytes-bin': [BYTES, Uint8Array.from([7])],
  'x-twice': ['first', 'second'],
});

/** Metadata in the three places where it travels. */
export function describeMetadata(fixture: () => Fixture, { repeatedText = 'list' }: TransportFeatures): void {
  const { request, response } =
    typeof repeatedText === 'object' ? repeatedText : { request: repeatedText, response: repeatedText };
  const expectSent = (got: Metadata | undefined, repeated: RepeatedText = response): void => {
    assert.equal(got?.get('x-text'), 'plain text; with, signs');
    assert.deepEqual(
      got?.getAll('x-bytes-bin').map((value) => [...(value as Uint8Array)]),
      [[...BYTES], [7]],
    );
    const twice = repeated === 'joined' ? ['first, second'] : ['first', 'second'];
    assert.deepEqual(got?.getAll('x-twice'), twice);
  };

  it('request metadata reaches the handler: text, bytes, repeated keys', async () => {
    let got: Metadata | undefined;
    const { connection } = await fixture().pair([
      [
        UNARY,
        async (call) => {
          got = call.metadata;
          return succeed(1);
        },
      ],
    ]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1, metadata: SENT }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    expectSent(got, request);
  });

  it('the handler sees no header that is only of concern to the transport', async () => {
    const { connection } = await fixture().pair([
      [UNARY, async (call) => succeed([...call.metadata].map(([key]) => key))],
    ]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    const seen = (outcome.value as string[]).filter((key) => key !== 'user-agent');
    assert.deepEqual(seen, []);
  });

  it('response headers and trailers reach the caller', async () => {
    const { connection } = await fixture().pair([[UNARY, async () => succeed(1, SENT, SENT)]]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    expectSent(outcome.headers);
    expectSent(outcome.trailers);
    assert.equal(outcome.headers.size, SENT.size - (response === 'joined' ? 1 : 0));
  });

  it('trailers of a failed call reach the caller', async () => {
    const failed = fail({ code: Code.NOT_FOUND, details: 'no such thing', origin: 'handler' }, 'no', SENT);
    const { connection } = await fixture().pair([[UNARY, async () => failed]]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(!outcome.ok);
    expectSent(outcome.trailers);
  });

  it('headers of a failed call reach the caller', async () => {
    const failed = fail({ code: Code.NOT_FOUND, details: 'no such thing', origin: 'handler' }, 'no', SENT);
    const { connection } = await fixture().pair([
      [UNARY, async () => ({ ...failed, headers: SENT })],
      [SERVER_STREAM, async () => ({ ...failed, headers: SENT })],
    ]);
    const unary = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    const sink = new RecordingSink();
    const stream = await connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, { request: 1, responses: sink }));
    for (const outcome of [unary, stream]) {
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.NOT_FOUND);
      expectSent(outcome.headers);
      expectSent(outcome.trailers);
    }
    expectSent(sink.received);
  });

  it('headers of a stream that sends nothing else arrive', async () => {
    const { connection } = await fixture().pair([
      [
        SERVER_STREAM,
        async (call) => {
          call.responses?.headers(SENT);
          return succeed(undefined);
        },
      ],
    ]);
    const sink = new RecordingSink();
    const outcome = await connection.call(
      SERVER_STREAM,
      fixture().call(SERVER_STREAM, { request: 1, responses: sink }),
    );
    assert.ok(outcome.ok, JSON.stringify(outcome));
    expectSent(sink.received);
  });

  it('rich details that a handler has put into its trailers itself arrive unchanged', async () => {
    const detail = { typeUrl: 'type.googleapis.com/example.Detail', value: BYTES };
    const wire = encodeStatus(
      { code: Code.ABORTED, details: 'again', origin: 'handler', richDetails: [detail] },
      Metadata.EMPTY,
    );
    const failed = fail({ code: Code.ABORTED, details: 'again', origin: 'handler' }, 'no', wire.trailers);
    const { connection } = await fixture().pair([[UNARY, async () => failed]]);
    const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
    assert.ok(!outcome.ok);
    assert.deepEqual(
      outcome.status.richDetails?.map(({ typeUrl, value }) => [typeUrl, ...value]),
      [[detail.typeUrl, ...BYTES]],
    );
  });
}
