import assert from 'node:assert/strict';
import { createRuntime, type Clock } from '@breakwater/core';
import { serverLimits, type Listener, type Method, type ServerLimits, type Transport } from '@breakwater/rpc';
import { data, headers } from '../frames.js';
import { message, requestFields } from '../grpc-bytes.js';
import { Handlers } from '../handlers.js';
import { literals, type Field } from '../literals.js';
import { Cost } from '../memory.js';
import { ECHO } from '../methods.js';
import { connectRaw, type RawPeer, type RawResponse } from '../raw-peer.js';
import type { SettingPair } from '../frames.js';
import { until } from '../until.js';

/** What an attack wants of the transport that it attacks; unset: its default. */
export interface AttackedOptions {
  /** Preface, SETTINGS and their acknowledgement, and each header block, are to arrive within this time. */
  readonly handshakeTimeoutMs?: number;
  /** PINGs that come faster than this, without calls that explain them, are a flood. */
  readonly minPingIntervalMs?: number;
  /** Of what waits to be written to one connection. */
  readonly maxConnectionBufferBytes?: number;
}

export type CreateAttacked = (options: AttackedOptions) => Transport;

export interface ArenaOptions {
  readonly transport?: AttackedOptions;
  readonly limits?: Partial<ServerLimits>;
  readonly clock?: Clock;
}

/** What an attack may cost, whatever it is: the process is this test's as well. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
const MAX_CPU_MS = 15_000;

/** A server under attack, the peers that attack it, and a connection that has nothing to do with it and is to be served. */
export class Arena {
  readonly handlers = new Handlers();
  private readonly peers = new Set<RawPeer>();
  private readonly witnesses: { readonly peer: RawPeer; stream: number }[] = [];
  private started: { readonly listener: Listener; readonly cost: Cost } | undefined;

  constructor(
    private readonly create: CreateAttacked,
    private readonly limitMs: number,
    private readonly maxCpuMs = MAX_CPU_MS,
  ) {}

  async open({ transport = {}, limits = {}, clock }: ArenaOptions = {}): Promise<void> {
    const listener = await this.create(transport).listen(
      {
        name: 'attacked',
        host: '127.0.0.1',
        port: 0,
        limits: serverLimits(limits),
        runtime: createRuntime(clock === undefined ? {} : { clock }),
      },
      this.handlers.served,
    );
    this.started = { listener, cost: new Cost() };
    this.witnesses.push({ peer: await this.attacker(), stream: -1 });
    await this.works();
    this.handlers.started = 0;
  }

  /** The same with other options than `open()` had. */
  async reopen(options: ArenaOptions): Promise<void> {
    await this.dispose();
    await this.open(options);
  }

  get port(): number {
    return this.server.listener.address.port;
  }

  get inFlight(): number {
    return this.server.listener.inFlight;
  }

  get cost(): Cost {
    return this.server.cost;
  }

  /** A connection on which nothing was sent. */
  async bare(): Promise<RawPeer> {
    const peer = await connectRaw(this.port, { limitMs: this.limitMs });
    this.peers.add(peer);
    return peer;
  }

  /** A connection after its handshake. */
  async attacker(pairs: readonly SettingPair[] = [], window?: number): Promise<RawPeer> {
    const peer = await this.bare();
    await peer.handshake(pairs, window);
    return peer;
  }

  /** The connection that was there before the attack is served, and so is a new one. */
  async works(): Promise<void> {
    for (const witness of [...this.witnesses, { peer: await this.attacker(), stream: -1 }]) {
      witness.stream += 2;
      await expectEcho(witness.peer, witness.stream);
      if (!this.witnesses.some(({ peer }) => peer === witness.peer)) witness.peer.close();
    }
  }

  /** After an attack: others are served, its calls are over, and it has not cost too much. @param peers that go first */
  async survived(...peers: readonly RawPeer[]): Promise<void> {
    await this.works();
    for (const peer of peers) peer.close();
    await until(() => this.handlers.running === 0 && this.inFlight === 0);
    this.bearable();
  }

  /** In the middle of an attack: it has not cost too much yet. */
  bearable(): void {
    const { heldBytes, cpuMs } = this.cost;
    assert.ok(heldBytes < MAX_HELD_BYTES, `${heldBytes} bytes are held`);
    assert.ok(cpuMs < this.maxCpuMs, `it took ${cpuMs} ms of CPU`);
  }

  /** A peer that is gone needs no closing. */
  forget(peer: RawPeer): void {
    this.peers.delete(peer);
  }

  async dispose(): Promise<void> {
    for (const peer of this.peers) peer.close();
    this.peers.clear();
    this.witnesses.length = 0;
    await this.started?.listener.close();
  }

  private get server(): { readonly listener: Listener; readonly cost: Cost } {
    assert.ok(this.started, 'open() comes first');
    return this.started;
  }
}

/** The frames of a whole call with one message. */
export const call = (
  stream: number,
  { path }: Method,
  content: Uint8Array | string = 'hello',
  extra: readonly Field[] = [],
): Buffer =>
  Buffer.concat([
    headers(stream, literals(requestFields(path, extra))),
    data(stream, message(content), { endStream: true }),
  ]);

/** Only the HEADERS of a call: its messages are to follow. */
export const begin = (stream: number, { path }: Method, extra: readonly Field[] = []): Buffer =>
  headers(stream, literals(requestFields(path, extra)));

/** Calls on a connection and has its answer. */
export async function expectEcho(peer: RawPeer, stream: number): Promise<RawResponse> {
  peer.send(call(stream, ECHO, 'echo'));
  const response = await peer.response(stream);
  assert.equal(response.trailers.get('grpc-status'), '0', `the call on stream ${stream} has failed`);
  assert.equal(response.content.subarray(5).toString(), 'echo');
  return response;
}
