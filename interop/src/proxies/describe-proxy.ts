import assert from 'node:assert/strict';
import { Cancellation, Code, Metadata, type Outcome } from '@breakwater/core';
import type { Listener } from '@breakwater/rpc';
import { requireServer, type ServerName } from '@breakwater/testing';
import type { Daemon } from '../testing/daemon.js';
import {
  CHAT,
  COUNT,
  EchoService,
  FAIL,
  FAIL_DETAILS,
  HANG,
  HANG_STREAM,
  REMAINING,
  TOTAL,
  UNARY,
  UNKNOWN,
} from '../testing/echo-service.js';
import { Caller, Collected, listen } from '../testing/endpoint.js';
import { TRANSPORTS } from '../transports.js';

/** Starts a proxy in front of a port of this machine. */
export type StartProxy = (binary: string, backendPort: number) => Promise<Daemon>;

const valueOf = (outcome: Outcome): unknown => {
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.value;
};

const codeOf = (outcome: Outcome): string => (outcome.ok ? 'OK' : Code[outcome.status.code]);

function assertTrailers({ trailers }: Outcome): void {
  assert.equal(trailers.get('x-trailer'), 't');
  assert.deepEqual([...(trailers.get('x-trailer-bin') as Uint8Array)], [0, 255]);
}

/** Calls of every kind and ending, from client to server of each transport through a proxy that speaks HTTP/2 to both. */
export function describeProxy(name: ServerName, start: StartProxy): void {
  for (const { name: transport, create } of TRANSPORTS) {
    describe(`${transport} through ${name}`, function () {
      this.timeout(30_000);
      let service: EchoService;
      let listener: Listener | undefined;
      let proxy: Daemon | undefined;
      let caller: Caller | undefined;
      const client = (): Caller => caller ?? assert.fail('not connected');

      before(async function () {
        const binary = requireServer(this, name);
        service = new EchoService();
        listener = await listen(create(), service.methods);
        proxy = await start(binary, listener.address.port);
        caller = await Caller.connect(create(), proxy.address);
      });
      after(async () => {
        caller?.close();
        await proxy?.close();
        await listener?.close();
      });

      it('unary, with metadata there and back', async () => {
        const metadata = Metadata.of({
          'x-echo': 'plain',
          'x-echo-twice': ['first', 'second'],
          'x-echo-bin': Uint8Array.from([0, 1, 255]),
        });
        const outcome = await client().call(UNARY, { request: 'hello', metadata });
        assert.equal(valueOf(outcome), 'echo:hello');
        assert.equal(outcome.headers?.get('x-echo'), 'plain');
        assert.equal(outcome.headers?.getAll('x-echo-twice').join(', '), 'first, second');
        assert.deepEqual(Buffer.from(outcome.headers?.get('x-echo-bin') ?? ''), Buffer.from([0, 1, 255]));
        assertTrailers(outcome);
      });

      it('an empty message, and one of a megabyte', async () => {
        assert.equal(valueOf(await client().call(UNARY, { request: '' })), 'echo:');
        const request = 'm'.repeat(1024 * 1024);
        assert.equal(valueOf(await client().call(UNARY, { request })), `echo:${request}`);
      });

      it('server streaming, of a thousand messages', async () => {
        const responses = new Collected();
        valueOf(await client().call(COUNT, { request: '1000', responses }));
        assert.deepEqual(
          responses.messages,
          Array.from({ length: 1000 }, (_, index) => String(index)),
        );
      });

      it('client streaming, of a thousand messages', async () => {
        async function* requests(): AsyncGenerator<string> {
          for (let one = 0; one < 1000; one++) yield 'x'.repeat(100);
        }
        assert.equal(valueOf(await client().call(TOTAL, { requests: requests() })), '1000 of 100000');
      });

      it('bidi streaming, where every request waits for the answer before it', async () => {
        let answered: () => void = () => {};
        const responses = new Collected(() => answered());
        async function* requests(): AsyncGenerator<string> {
          for (let one = 0; one < 20; one++) {
            const answer = new Promise<void>((resolve) => {
              answered = resolve;
            });
            yield String(one);
            await answer;
          }
        }
        valueOf(await client().call(CHAT, { requests: requests(), responses }));
        assert.deepEqual(
          responses.messages,
          Array.from({ length: 20 }, (_, index) => `<${index}>`),
        );
      });

      it('a failure with its code, text, reason and trailers', async () => {
        const outcome = await client().call(FAIL, { request: '' });
        assert.ok(!outcome.ok);
        assert.equal(codeOf(outcome), 'NOT_FOUND');
        assert.equal(outcome.status.details, FAIL_DETAILS);
        assert.equal(outcome.status.reason, 'ORDER_UNKNOWN');
        assertTrailers(outcome);
      });

      it('a method that is not there', async () => {
        assert.equal(codeOf(await client().call(UNKNOWN, { request: '' })), 'UNIMPLEMENTED');
      });

      it('the deadline reaches the server', async () => {
        const left = Number(valueOf(await client().call(REMAINING, { request: '', timeoutMs: 5000 })));
        assert.ok(left > 0 && left <= 5000, `${left} ms`);
      });

      it('a deadline that passes ends the call on both sides', async () => {
        assert.equal(codeOf(await client().call(HANG, { request: '', timeoutMs: 150 })), 'DEADLINE_EXCEEDED');
        const { code } = await service.ended();
        assert.ok([Code.DEADLINE_EXCEEDED, Code.CANCELLED].includes(code), Code[code]);
      });

      it('cancelling ends the call on both sides, in the middle of a stream', async () => {
        const cancellation = new Cancellation();
        const responses = new Collected(() =>
          cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' }),
        );
        const outcome = await client().call(HANG_STREAM, { request: '', cancellation, responses });
        assert.equal(codeOf(outcome), 'CANCELLED');
        assert.equal((await service.ended()).code, Code.CANCELLED);
      });

      it('a hundred calls at a time on one connection', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 100 }, (_, index) => client().call(UNARY, { request: String(index) })),
        );
        assert.deepEqual(
          outcomes.map(valueOf),
          Array.from({ length: 100 }, (_, index) => `echo:${index}`),
        );
      });

      it('a backend that has gone is UNAVAILABLE', async () => {
        await listener?.close();
        assert.equal(codeOf(await client().call(UNARY, { request: '' })), 'UNAVAILABLE');
      });
    });
  }
}
