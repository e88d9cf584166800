import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { type Agent, startAgent } from '../start-agent.js';

const CASES = 10 * (fc.readConfigureGlobal().numRuns ?? 100);

const REGISTRATION = JSON.stringify({
  ID: 'a',
  Name: 'web',
  Port: 80,
  Tags: ['x'],
  Meta: { key: 'value' },
  Weights: { Passing: 1, Warning: 1 },
  Check: { TTL: '15s', DeregisterCriticalServiceAfter: '1m' },
});

/** Requests as clients of Consul make them. */
const sound = fc.constantFrom(
  'GET /v1/status/leader HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /v1/health/service/web?stale&index=1&wait=10ms HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /v1/catalog/services?wait=5ms&index=99999 HTTP/1.1\r\nHost: a\r\n\r\n',
  'PUT /v1/agent/check/update/service:a HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{"Status":"passing"}',
  'PUT /v1/agent/service/deregister/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  `PUT /v1/agent/service/register HTTP/1.1\r\nHost: a\r\nContent-Length: ${REGISTRATION.length}\r\n\r\n${REGISTRATION}`,
  'PUT /v1/agent/service/register HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ID"\r\n0\r\n\r\n',
);

/** Bytes changed, cut off, or put in between, and often a second request behind. */
const mutated = fc
  .record({
    text: sound,
    changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
    insertAt: fc.nat(),
    insert: fc.oneof(
      fc.constant(''),
      fc.constantFrom('%', '%ff', '..', '?', '\r\n', '{', 'null', '999999999999', '-1', '\u0000', '"Checks":[null],'),
    ),
    cut: fc.option(fc.nat(), { freq: 4 }),
    second: fc.option(sound, { nil: '' }),
  })
  .map(({ text, changes, insertAt, insert, cut, second }) => {
    const at = insertAt % text.length;
    const bytes = Buffer.from(`${text.slice(0, at)}${insert}${text.slice(at)}`);
    for (const [index, value] of changes) bytes[index % bytes.length] = value;
    return Buffer.concat([cut === null ? bytes : bytes.subarray(0, cut % bytes.length), Buffer.from(second)]);
  });

describe('the agent, sent anything over raw sockets', function () {
  this.timeout(10 * 60_000);
  let agent: Agent;
  before(async () => {
    agent = await startAgent({ port: 0 });
  });
  after(() => agent.close());

  const healthy = async (): Promise<void> => {
    const response = await fetch(`${agent.address}/v1/catalog/services`);
    assert.equal(response.status, 200);
    assert.equal(typeof (await response.json()), 'object');
  };

  it('ends every connection, answers nothing with 500 for its own defects, and goes on serving', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), async (bytes) => {
        const socket = connect(agent.port, '127.0.0.1');
        let text = '';
        socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
        socket.on('error', () => {});
        // Half-closing says that nothing more comes, so whatever is incomplete ends.
        socket.end(bytes);
        await once(socket, 'close');
        if (text !== '') answered += 1;
        assert.ok(text === '' || text.startsWith('HTTP/1.1 '), text);
        assert.doesNotMatch(text, /internal error/);
      }),
      { numRuns: CASES },
    );
    assert.ok(answered > CASES / 4, `only ${answered} answers`);
    await healthy();
  });
});
