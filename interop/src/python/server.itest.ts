import assert from 'node:assert/strict';
import { Code } from '@breakwater/core';
import type { Listener } from '@breakwater/rpc';
import { requireServer } from '@breakwater/testing';
import { listen } from '../testing/endpoint.js';
import { TRANSPORTS } from '../transports.js';
import { type Line, PeerProcess } from './peer-process.js';
import { PeerService } from './peer-service.js';

for (const { name, create } of TRANSPORTS) {
  describe(`a client of Python's grpcio (C-core) and the server on ${name}`, () => {
    let service: PeerService;
    let listener: Listener;
    let peer: PeerProcess;

    before(async function () {
      const python = requireServer(this, 'python-grpc');
      service = new PeerService();
      listener = await listen(create(), service.methods);
      peer = new PeerProcess(python, 'client', String(listener.address.port));
    });
    after(async () => {
      await peer?.close();
      await listener?.close();
    });

    const scenario = async (of: string): Promise<Line> => {
      const { scenario: _, ...rest } = await peer.line((line) => line['scenario'] === of);
      return rest;
    };

    it('unary, with metadata there and back', async () => {
      const { response, headers, trailers } = await scenario('unary');
      assert.equal(response, 'echo:hello');
      const pairs = headers as readonly (readonly [string, string])[];
      assert.deepEqual(
        pairs.filter(([key]) => key !== 'x-twice'),
        [
          ['x-bytes-bin', '0001ff'],
          ['x-text', 'plain'],
        ],
      );
      // Joined or not, as the transport has it.
      const twice = pairs.filter(([key]) => key === 'x-twice').map(([, each]) => each);
      assert.equal(twice.join(', '), 'first, second');
      assert.deepEqual(trailers, [
        ['x-trailer', 't'],
        ['x-trailer-bin', '00ff'],
      ]);
    });

    it('an empty message', async () => {
      assert.deepEqual(await scenario('empty'), { response: 'echo:' });
    });

    it('server streaming, client streaming, bidi streaming', async () => {
      assert.deepEqual(await scenario('server_stream'), { responses: ['998', '999'] });
      assert.deepEqual(await scenario('client_stream'), { response: '[1000,100000]' });
      assert.deepEqual(await scenario('bidi'), { responses: ['<a>', '<b>'] });
    });

    it('a failure with google.rpc.Status details, pushback and text outside ASCII', async () => {
      const seen = await scenario('fail');
      assert.equal(seen['code'], 'NOT_FOUND');
      assert.equal(seen['details'], 'nöt found, 100 % sure\nsecond line');
      assert.equal(seen['pushback'], '1500');
      assert.deepEqual(seen['trailers'], [['x-trailer', 't']]);
      assert.match(Buffer.from(String(seen['status_details']), 'hex').toString('latin1'), /ORDER_UNKNOWN/);
    });

    it('an unknown method, with a hint', async () => {
      const seen = await scenario('unknown');
      assert.equal(seen['code'], 'UNIMPLEMENTED');
      assert.match(String(seen['details']), /did you mean .*Unary\?/);
    });

    it('the deadline reaches our handler', async () => {
      const left = Number((await scenario('remaining'))['response']);
      // C-core rounds the timeout it sends up to two or three digits.
      assert.ok(left > 0 && left <= 8100, `${left} ms`);
    });

    it('a deadline that passes, and a cancellation, end the call on both sides', async () => {
      assert.equal((await scenario('deadline'))['code'], 'DEADLINE_EXCEEDED');
      const cancelled = await scenario('cancel');
      assert.deepEqual([cancelled['first'], cancelled['code']], ['first', 'CANCELLED']);
      const { code } = await service.cancelled('deadline');
      assert.ok([Code.DEADLINE_EXCEEDED, Code.CANCELLED].includes(code));
      assert.equal((await service.cancelled('cancel')).code, Code.CANCELLED);
    });

    it('gzip, and a message over the limit', async () => {
      assert.deepEqual(await scenario('gzip'), { length: 100_005 });
      assert.equal((await scenario('too_large'))['code'], 'RESOURCE_EXHAUSTED');
    });
  });
}
