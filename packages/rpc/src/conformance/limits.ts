import assert from 'node:assert/strict';
import { Attributes, Code, Metadata, succeed, type Outcome } from '@breakwater/core';
import { COMPRESSION, type Compression } from '../transport/transport.js';
import { RecordingSink, send, type Fixture } from './fixture.js';
import { counting } from './kinds.js';
import { BYTES, CLIENT_STREAM, SERVER_STREAM, UNARY } from './methods.js';

/** Sizes and compression. */
export function describeLimits(fixture: () => Fixture): void {
  const expectTooLarge = (outcome: Outcome, ...names: readonly RegExp[]): void => {
    assert.ok(!outcome.ok);
    assert.equal(outcome.status.code, Code.RESOURCE_EXHAUSTED);
    assert.equal(outcome.status.reason, 'MESSAGE_TOO_LARGE');
    for (const name of names) assert.match(outcome.status.details, name);
  };
  const echo = [[BYTES, async (call: { request: unknown }) => succeed(call.request)]] as const;

  it('a request over the limit fails here, naming limit and size, and is never sent', async () => {
    const { connection } = await fixture().pair(echo, { client: { maxSendMessageBytes: 100 } });
    assert.ok((await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(100) }))).ok);
    const outcome = await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(101) }));
    expectTooLarge(outcome, /101/, /maxSendMessageBytes/, /100/);
    assert.ok(!outcome.ok && outcome.sent === 'no' && outcome.status.origin === 'local');
  });

  it('a streamed request over the limit ends the call', async () => {
    const { connection } = await fixture().pair([[CLIENT_STREAM, async (call) => countOf(call.requests)]], {
      client: { maxSendMessageBytes: 50 },
    });
    async function* requests(): AsyncGenerator<string> {
      yield 'short';
      yield 'long'.repeat(50);
    }
    expectTooLarge(
      await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: requests() })),
      /maxSendMessageBytes/,
    );
  });

  it('a response over what the caller accepts ends the call, naming limit and size', async () => {
    const { connection } = await fixture().pair(echo, { client: { maxReceiveMessageBytes: 100 } });
    assert.ok((await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(100) }))).ok);
    const outcome = await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(101) }));
    expectTooLarge(outcome, /101/, /maxReceiveMessageBytes/, /100/);
  });

  it('a request over what the server accepts is refused, naming limit and size', async () => {
    const { connection } = await fixture().pair(echo, { server: { maxReceiveMessageBytes: 100 } });
    assert.ok((await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(100) }))).ok);
    const outcome = await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(101) }));
    expectTooLarge(outcome, /101/, /maxReceiveMessageBytes/, /100/);
  });

  it('a response over what the server sends is refused by the server', async () => {
    const { connection } = await fixture().pair(
      [...echo, [SERVER_STREAM, async (call) => send(call, ['x', 'x'.repeat(200)]).then(() => succeed(undefined))]],
      { server: { maxSendMessageBytes: 100 } },
    );
    expectTooLarge(
      await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(101) })),
      /101/,
      /maxSendMessageBytes/,
    );
    const sink = new RecordingSink();
    expectTooLarge(
      await connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, { request: 1, responses: sink })),
      /maxSendMessageBytes/,
    );
  });

  it('metadata over the limit of its sender fails here; over that of its receiver, there', async () => {
    const metadata = Metadata.of({ 'x-big': 'x'.repeat(4000) });
    const small = { maxHeaderBytes: 2000 };
    const atSender = await fixture().pair([[UNARY, async () => succeed(1)]], { client: small });
    const refused = await atSender.connection.call(UNARY, fixture().call(UNARY, { request: 1, metadata }));
    expectTooLarge(refused, /maxHeaderBytes/);
    assert.ok(!refused.ok && refused.sent === 'no');
    const atServer = await fixture().pair([[UNARY, async () => assert.fail('reached the handler')]], { server: small });
    expectTooLarge(
      await atServer.connection.call(UNARY, fixture().call(UNARY, { request: 1, metadata })),
      /maxHeaderBytes/,
    );
    const atClient = await fixture().pair([[UNARY, async () => succeed(1, metadata)]], { client: small });
    expectTooLarge(await atClient.connection.call(UNARY, fixture().call(UNARY, { request: 1 })), /maxHeaderBytes/);
  });

  const KINDS: readonly Compression[] = ['identity', 'gzip', 'deflate'];
  for (const compression of KINDS) {
    it(`a connection set to ${compression} carries unary and streamed messages`, async () => {
      const { connection } = await fixture().pair([...echo, [CLIENT_STREAM, async (call) => countOf(call.requests)]], {
        client: { compression },
      });
      const request = new Uint8Array(200_000).fill(65);
      const outcome = await connection.call(BYTES, fixture().call(BYTES, { request }));
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.ok(Buffer.from(outcome.value as Uint8Array).equals(request));
      const streamed = await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: counting(20) }));
      assert.ok(streamed.ok && streamed.value === 20);
    });
  }

  it('one call may compress otherwise than its connection', async () => {
    for (const usual of KINDS) {
      const { connection } = await fixture().pair(echo, { client: { compression: usual } });
      for (const compression of KINDS) {
        const attributes = Attributes.EMPTY.with(COMPRESSION, compression);
        const request = new Uint8Array(50_000).fill(66);
        const outcome = await connection.call(BYTES, fixture().call(BYTES, { request, attributes }));
        assert.ok(outcome.ok, `${usual}, ${compression}: ${JSON.stringify(outcome)}`);
        assert.ok(Buffer.from(outcome.value as Uint8Array).equals(request));
      }
    }
  });

  it('what a compressed message unpacks to counts against the limit', async () => {
    const { connection } = await fixture().pair(echo, {
      client: { compression: 'gzip' },
      server: { maxReceiveMessageBytes: 10_000 },
    });
    const outcome = await connection.call(BYTES, fixture().call(BYTES, { request: new Uint8Array(1_000_000) }));
    expectTooLarge(outcome, /10000/);
  });
}

async function countOf(requests: AsyncIterable<unknown> | undefined): Promise<Outcome> {
  let count = 0;
  for await (const _ of requests ?? []) count++;
  return succeed(count);
}
