import assert from 'node:assert/strict';
import { type Call, createRuntime, type Outcome, succeed } from '@breakwater/core';
import { FakeClock, fixedRandom } from '@breakwater/core/testing';
import type { Listener, ServerLimits } from '@breakwater/rpc';
import { type Deferred, deferred, Fixture, UNARY } from '@breakwater/rpc/conformance';
import { data, headers, ping } from '../testing/frames.js';
import type { Frame } from '../testing/frame-reader.js';
import { message, requestFields } from '../testing/grpc-bytes.js';
import { literals } from '../testing/literals.js';
import { TYPE } from '../testing/numbers.js';
import { connectRaw, type RawPeer } from '../testing/raw-peer.js';
import { until } from '../testing/until.js';
import { wireTransport, type WireTransportOptions } from '../wire-transport.js';

const MAX_ID = 2 ** 31 - 1;

describe('how a server ends its connections', () => {
  let clock: FakeClock;
  let fixture: Fixture;
  /** Calls in the handler, with their answers. */
  let held: { readonly call: Call; readonly answer: Deferred<Outcome> }[];
  beforeEach(() => {
    clock = new FakeClock();
    held = [];
  });
  afterEach(async () => {
    for (const { answer } of held) answer.resolve(succeed('late'));
    await fixture.dispose();
    await until(() => clock.pendingTimers === 0);
  });

  const listen = (server: Partial<ServerLimits>, options: WireTransportOptions = {}): Promise<Listener> => {
    fixture = new Fixture(wireTransport(options), createRuntime({ clock, random: fixedRandom(0.5) }));
    const handler = (call: Call): Promise<Outcome> => {
      const answer = deferred<Outcome>();
      held.push({ call, answer });
      return answer.promise;
    };
    return fixture.listen([[UNARY, handler]], { server });
  };
  const connect = async ({ address }: Listener): Promise<RawPeer> => {
    const peer = fixture.own(await connectRaw(address.port));
    await peer.handshake();
    return peer;
  };
  const send = (peer: RawPeer, stream: number): void =>
    peer.send(headers(stream, literals(requestFields(UNARY.path))), data(stream, message('1'), { endStream: true }));
  /** A call that is in the handler. */
  const call = async (peer: RawPeer, stream: number): Promise<void> => {
    const before = held.length;
    send(peer, stream);
    await until(() => held.length === before + 1);
  };
  const answered = async (peer: RawPeer, stream: number, index = 0): Promise<void> => {
    held[index]?.answer.resolve(succeed('done'));
    assert.equal((await peer.response(stream)).trailers.get('grpc-status'), '0');
  };
  const goaways = (peer: RawPeer): Frame[] => peer.frames.filter(({ type }) => type === TYPE.GOAWAY);
  const pings = (peer: RawPeer): Frame[] => peer.frames.filter(({ type, ack }) => type === TYPE.PING && !ack);
  const pong = (peer: RawPeer): void => peer.send(ping(pings(peer).at(-1)?.payload, true));

  it('at their age: it warns, serves what comes until the client has heard, then names the last call and waits for it', async () => {
    const peer = await connect(await listen({ maxConnectionAgeMs: 60_000 }));
    await call(peer, 1);
    await clock.advance(60_000);
    const warning = await peer.expectFrame('GOAWAY');
    assert.deepEqual([warning.lastStream, warning.code, warning.debug], [MAX_ID, 0, 'max_age']);
    await peer.expectFrame('PING', ({ ack }) => !ack);
    await call(peer, 3);
    pong(peer);
    const last = await peer.expectFrame('GOAWAY');
    assert.deepEqual([last.lastStream, last.code, last.debug], [3, 0, 'max_age']);
    send(peer, 5);
    await peer.roundTrip();
    assert.equal(held.length, 2, 'a call behind the last one is not handled');
    await answered(peer, 3, 1);
    assert.equal(peer.ended, false);
    await answered(peer, 1);
    await peer.expectClosed();
  });

  it('a client that does not answer the PING has heard it after a second', async () => {
    const peer = await connect(await listen({ maxConnectionAgeMs: 60_000 }));
    await clock.advance(60_000);
    await peer.expectFrame('GOAWAY');
    await clock.advance(999);
    await peer.roundTrip();
    assert.equal(goaways(peer).length, 1);
    await clock.advance(1);
    assert.equal((await peer.expectFrame('GOAWAY')).lastStream, 0);
    await peer.expectClosed();
  });

  it('at their age, with a grace: the calls that take longer are cancelled', async () => {
    const peer = await connect(await listen({ maxConnectionAgeMs: 60_000, maxConnectionAgeGraceMs: 5_000 }));
    await call(peer, 1);
    await clock.advance(60_000);
    await clock.advance(4_999);
    await peer.roundTrip();
    assert.equal(held[0]?.call.cancellation.cancelled, false);
    await clock.advance(1);
    await peer.expectClosed();
    assert.equal(held[0]?.call.cancellation.cancelled, true);
  });

  it('that are idle: after the last call has been over for as long as they may be', async () => {
    const peer = await connect(await listen({ maxConnectionIdleMs: 10_000 }));
    await clock.advance(9_999);
    await call(peer, 1);
    await clock.advance(60_000);
    assert.equal(goaways(peer).length, 0, 'a call is on it');
    await answered(peer, 1);
    await clock.advance(9_999);
    await peer.roundTrip();
    assert.equal(goaways(peer).length, 0);
    await clock.advance(1);
    assert.equal((await peer.expectFrame('GOAWAY')).debug, 'max_idle');
    pong(peer);
    await peer.expectClosed();
  });

  it('whose clients PING too often: with ENHANCE_YOUR_CALM, too_many_pings', async () => {
    const peer = await connect(await listen({}, { minPingIntervalMs: 1000 }));
    await call(peer, 1);
    for (const [wait, goes] of [
      [1000, true],
      [1000, true],
      [999, true],
      [999, true],
      [999, false],
    ] as const) {
      await clock.advance(wait);
      if (goes) await peer.roundTrip();
      else peer.send(ping());
    }
    const goaway = await peer.expectGoaway('ENHANCE_YOUR_CALM');
    assert.equal(goaway.debug, 'too_many_pings');
  });

  it('not those whose clients measure the bandwidth: a PING after every answer is no offence', async () => {
    const peer = await connect(await listen({}, { minPingIntervalMs: 60_000 }));
    for (let index = 0; index < 20; index++) {
      const stream = 1 + 2 * index;
      await call(peer, stream);
      await peer.roundTrip();
      await answered(peer, stream, index);
      await peer.roundTrip();
    }
    assert.equal(goaways(peer).length, 0);
  });

  it('when it shuts down: no new connections, the warning, the calls in flight, and it has ended with the last of them', async () => {
    const listener = await listen({});
    const peer = await connect(listener);
    await call(peer, 1);
    let drained = false;
    const draining = listener.drain().then(() => {
      drained = true;
    });
    assert.match((await peer.expectFrame('GOAWAY')).debug ?? '', /shutting down/);
    await assert.rejects(connectRaw(listener.address.port), /ECONNREFUSED/);
    await peer.expectFrame('PING', ({ ack }) => !ack);
    await call(peer, 3);
    pong(peer);
    assert.equal((await peer.expectFrame('GOAWAY')).lastStream, 3);
    await answered(peer, 1);
    assert.equal(drained, false);
    assert.equal(listener.inFlight, 1);
    await answered(peer, 3, 1);
    await peer.expectClosed();
    await draining;
  });

  it('when it shuts down, also those that ask nothing: a client that keeps its side open does not hold it up', async () => {
    const listener = await listen({});
    const peer = await connect(listener);
    const draining = listener.drain();
    await peer.expectFrame('GOAWAY');
    await clock.advance(1000);
    await draining;
  });

  it('of clients that have gone without a word: a PING after the silence, and the end after its timeout', async () => {
    const listener = await listen({ keepaliveTimeMs: 10_000, keepaliveTimeoutMs: 1000 });
    const peer = await connect(listener);
    await call(peer, 1);
    await clock.advance(10_000);
    while (pings(peer).length === 0) await clock.advance(10_000);
    pong(peer);
    await peer.roundTrip();
    await clock.advance(1000);
    assert.equal(peer.ended, false);
    assert.equal(held[0]?.call.cancellation.cancelled, false);
    while (pings(peer).length === 1) await clock.advance(10_000);
    await clock.advance(1000);
    await peer.expectClosed();
    await until(() => held[0]?.call.cancellation.cancelled === true);
    assert.equal(listener.inFlight, 0);
  });
});
