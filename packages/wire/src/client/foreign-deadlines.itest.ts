import assert from 'node:assert/strict';
import { Code, createRuntime, type Outcome } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { Fixture, UNARY } from '@breakwater/rpc/conformance';
import { headers, rstStream } from '../testing/frames.js';
import { responseFields } from '../testing/grpc-bytes.js';
import { literals } from '../testing/literals.js';
import { listenRaw, type Script } from '../testing/raw-server.js';
import { wireTransport } from '../wire-transport.js';

const TRAILERS_ONLY = headers(1, literals(responseFields([['grpc-status', '4']])), { endStream: true });

/** Two machines, two clocks: a server that keeps the deadline itself may be a moment ahead. */
describe('a server that ends a call at its deadline', () => {
  const clock = new FakeClock();
  const fixture = new Fixture(wireTransport(), createRuntime({ clock }));
  afterEach(() => fixture.dispose());

  /** @param leftMs how early the server is */
  const endedBy = async (leftMs: number, answer: Buffer): Promise<Outcome> => {
    const script: Script = async (peer) => {
      await peer.handshake();
      await peer.expectFrame('HEADERS');
      await clock.advance(1000 - leftMs);
      peer.send(answer);
    };
    const server = fixture.own(await listenRaw(script));
    const connection = await fixture.ready({ host: '127.0.0.1', port: server.port });
    return connection.call(UNARY, fixture.call(UNARY, { request: 1, deadline: clock.now() + 1000 }));
  };
  const reasonOf = (outcome: Outcome): unknown => !outcome.ok && [outcome.status.code, outcome.status.reason];

  it('with the status has the reason DEADLINE_EXCEEDED, also a moment early', async () => {
    for (const leftMs of [1, 2]) {
      assert.deepEqual(reasonOf(await endedBy(leftMs, TRAILERS_ONLY)), [Code.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED']);
    }
  });

  it('with a reset has it too: the C core resets a call whose time is up', async () => {
    assert.deepEqual(reasonOf(await endedBy(1, rstStream(1, 'CANCEL'))), [Code.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED']);
  });

  it('long before is a deadline of its own, and a reset is a cancellation', async () => {
    assert.deepEqual(reasonOf(await endedBy(500, TRAILERS_ONLY)), [Code.DEADLINE_EXCEEDED, undefined]);
    assert.deepEqual(reasonOf(await endedBy(500, rstStream(1, 'CANCEL'))), [Code.CANCELLED, undefined]);
  });
});
