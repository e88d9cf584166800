import assert from 'node:assert/strict';
import { succeed } from '@breakwater/core';
import { BIDI, CLIENT_STREAM, fixturePerTest, RecordingSink, SERVER_STREAM } from '@breakwater/rpc/conformance';
import { wireTransport } from './wire-transport.js';

/** More than may come of frames without work in them. */
const MESSAGES = 30_000;

async function* small(): AsyncGenerator<number> {
  for (let one = 0; one < MESSAGES; one++) yield 1;
}

/** Small messages once counted as a flood of frames without work: 20,000 of them in 10 s ended the connection. */
describe('streams of tens of thousands of small messages', () => {
  const fixture = fixturePerTest(() => wireTransport());

  it('reach the caller', async () => {
    const { connection } = await fixture().pair([
      [
        SERVER_STREAM,
        async ({ responses }) => {
          for await (const one of small()) {
            const more = responses?.message(one);
            if (more !== true) await more;
          }
          return succeed(undefined);
        },
      ],
    ]);
    const responses = new RecordingSink();
    const outcome = await connection.call(SERVER_STREAM, fixture().call(SERVER_STREAM, { request: 1, responses }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(responses.messages.length, MESSAGES);
  });

  it('reach the handler', async () => {
    const { connection } = await fixture().pair([
      [
        CLIENT_STREAM,
        async ({ requests }) => {
          let count = 0;
          for await (const _one of requests ?? []) count++;
          return succeed(count);
        },
      ],
    ]);
    const outcome = await connection.call(CLIENT_STREAM, fixture().call(CLIENT_STREAM, { requests: small() }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(outcome.value, MESSAGES);
  });

  it('go both ways', async () => {
    const { connection } = await fixture().pair([
      [
        BIDI,
        async ({ requests, responses }) => {
          for await (const one of requests ?? []) {
            const more = responses?.message(one);
            if (more !== true) await more;
          }
          return succeed(undefined);
        },
      ],
    ]);
    const responses = new RecordingSink();
    const outcome = await connection.call(BIDI, fixture().call(BIDI, { requests: small(), responses }));
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(responses.messages.length, MESSAGES);
  });
});
