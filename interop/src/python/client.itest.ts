import assert from 'node:assert/strict';
import { Attributes, Cancellation, Code, Metadata, type Outcome, type Status } from '@breakwater/core';
import { COMPRESSION, encodeStatus, errorInfo, STATUS_DETAILS_KEY } from '@breakwater/rpc';
import { requireServer } from '@breakwater/testing';
import { Caller, Collected } from '../testing/endpoint.js';
import { TRANSPORTS } from '../transports.js';
import { method, text } from './methods.js';
import { PeerProcess } from './peer-process.js';

const DAY_MS = 86_400_000;

for (const { name, create } of TRANSPORTS) {
  describe(`the client on ${name} and a server of Python's grpcio (C-core)`, () => {
    let peer: PeerProcess;
    let caller: Caller;

    before(async function () {
      peer = new PeerProcess(requireServer(this, 'python-grpc'), 'server');
      const { port } = await peer.line((line) => line['event'] === 'listening');
      caller = await Caller.connect(create(), { host: '127.0.0.1', port: port as number });
    });
    after(async () => {
      caller?.close();
      await peer?.close();
    });

    const value = (outcome: Outcome): string => {
      assert.ok(outcome.ok, JSON.stringify(outcome));
      return text(outcome.value);
    };

    it('unary, with metadata there and back', async () => {
      const metadata = Metadata.of({
        'x-text': 'plain',
        'x-twice': ['first', 'second'],
        'x-bytes-bin': Uint8Array.from([0, 1, 255]),
      });
      const outcome = await caller.call(method('Unary'), { request: 'hello', metadata });
      assert.equal(value(outcome), 'echo:hello');
      const headers = outcome.headers ?? Metadata.EMPTY;
      assert.equal(headers.get('x-text'), 'plain');
      // Joined or not, as the transport has it.
      assert.equal(headers.getAll('x-twice').join(', '), 'first, second');
      assert.deepEqual([...(headers.get('x-bytes-bin') as Uint8Array)], [0, 1, 255]);
      assert.equal(outcome.trailers.get('x-trailer'), 't');
      assert.deepEqual([...(outcome.trailers.get('x-trailer-bin') as Uint8Array)], [0, 255]);
    });

    it('an empty message', async () => {
      assert.equal(value(await caller.call(method('Unary'), { request: '' })), 'echo:');
    });

    it('server streaming', async () => {
      const responses = new Collected<Uint8Array>();
      const outcome = await caller.call(method('ServerStream', 'server_stream'), { request: '1000', responses });
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.deepEqual(
        responses.messages.map(text),
        Array.from({ length: 1000 }, (_, index) => String(index)),
      );
    });

    it('client streaming', async () => {
      async function* requests(): AsyncGenerator<string> {
        for (let one = 0; one < 1000; one++) yield 'x'.repeat(100);
      }
      const outcome = await caller.call(method('ClientStream', 'client_stream'), { requests: requests() });
      assert.equal(value(outcome), '[1000, 100000]');
    });

    it('bidi streaming', async () => {
      async function* requests(): AsyncGenerator<string> {
        yield 'a';
        yield 'b';
      }
      const responses = new Collected<Uint8Array>();
      const outcome = await caller.call(method('Bidi', 'bidi'), { requests: requests(), responses });
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.deepEqual(responses.messages.map(text), ['<a>', '<b>']);
    });

    it('a failure with google.rpc.Status details and text outside ASCII', async () => {
      const detail = errorInfo('ORDER_UNKNOWN', 'shop', { id: '7' });
      const sent: Status = { code: Code.NOT_FOUND, details: 'inner', origin: 'handler', richDetails: [detail] };
      const bytes = encodeStatus(sent, Metadata.EMPTY).trailers.get(STATUS_DETAILS_KEY);
      const outcome = await caller.call(method('Fail'), { request: bytes });
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.NOT_FOUND);
      assert.equal(outcome.status.details, 'nöt found, 100 % sure\nsecond line');
      assert.equal(outcome.status.reason, 'ORDER_UNKNOWN');
      assert.deepEqual([...(outcome.status.richDetails?.[0]?.value ?? [])], [...detail.value]);
    });

    it('pushback', async () => {
      const outcome = await caller.call(method('Pushback'), { request: '' });
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.RESOURCE_EXHAUSTED);
      assert.equal(outcome.status.retryAfterMs, 1500);
    });

    it('an unknown method', async () => {
      const outcome = await caller.call(method('Nothing'), { request: '' });
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.UNIMPLEMENTED);
      assert.equal(outcome.status.reason, 'METHOD_UNKNOWN');
    });

    it('the deadline reaches the server, also when it is days away', async () => {
      const remaining = async (timeoutMs: number): Promise<string> =>
        value(await caller.call(method('Remaining'), { request: '', timeoutMs }));
      const left = Number(await remaining(5000));
      assert.ok(left > 0 && left <= 5000, `${left} ms`);
      const days = Number(await remaining(60 * DAY_MS));
      assert.ok(days > DAY_MS - 400_000 && days <= DAY_MS, `${days} ms`);
      assert.equal(await remaining(Number.POSITIVE_INFINITY), 'none');
    });

    const ended = (since: number) => peer.line((line) => line['event'] === 'ended', since);

    it('a deadline that passes ends the call on both sides', async () => {
      const since = peer.lines.length;
      const outcome = await caller.call(method('Hang'), { request: '', timeoutMs: 100 });
      assert.ok(!outcome.ok);
      assert.equal(outcome.status.code, Code.DEADLINE_EXCEEDED);
      assert.equal((await ended(since))['active'], false);
    });

    it('cancelling ends the call on both sides', async () => {
      const since = peer.lines.length;
      const cancellation = new Cancellation();
      const running = caller.call(method('Hang'), { request: '', cancellation });
      await peer.line((line) => line['event'] === 'started', since);
      cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
      const outcome = await running;
      assert.ok(!outcome.ok && outcome.status.details === 'enough');
      assert.equal((await ended(since))['active'], false);
    });

    for (const compression of ['gzip', 'deflate'] as const) {
      it(`${compression} to the server, gzip from it`, async () => {
        const attributes = Attributes.EMPTY.with(COMPRESSION, compression);
        const sent = await caller.call(method('Unary'), { request: 'z'.repeat(100_000), attributes });
        assert.equal(value(sent).length, 100_005);
        assert.equal(value(await caller.call(method('Big'), { request: '100000', attributes })).length, 100_000);
      });
    }
  });
}
