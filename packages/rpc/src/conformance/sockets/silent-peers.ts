import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { Code, createRuntime } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import type { Connection, Transport } from '../../transport/transport.js';
import { nextTurn } from '../../transport-kit/system-turn.js';
import { Fixture, reached, type FixtureOptions } from '../fixture.js';
import { CA } from './certificates.js';
import { listenOn } from './raw-servers.js';

/** An HTTP/2 SETTINGS frame without settings: the first words of every server. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A peer that hangs must not keep anybody waiting for ever. @param create a fresh transport on sockets */
export function describeSilentPeers(name: string, create: () => Transport): void {
  describe(`a peer that takes connections and says nothing: ${name}`, () => {
    const clock = new FakeClock();
    let fixture: Fixture;
    beforeEach(() => {
      fixture = new Fixture(create(), createRuntime({ clock }));
    });
    afterEach(async () => {
      await fixture.dispose();
      // A transport may give the last socket a moment, until the peer has ended its side.
      while (clock.pendingTimers > 0) await new Promise<void>((resolve) => nextTurn(resolve));
    });

    /** A connection to such a peer, which has got the client's first words. @returns it and what the peer does with sockets */
    const connectToSilence = async (
      options: FixtureOptions = {},
    ): Promise<{ connection: Connection; speak: () => void }> => {
      const sockets: Socket[] = [];
      let speaking = false;
      let heard = (): void => {};
      const greeted = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => {});
        socket.on('data', heard);
        if (speaking) socket.write(SETTINGS);
      });
      const connection = fixture.connect(await listenOn(fixture, server), options);
      connection.connect();
      await greeted;
      const speak = (): void => {
        speaking = true;
        for (const socket of sockets) socket.write(SETTINGS);
      };
      return { connection, speak };
    };

    it('is a failure after 20 s, not a wait without end', async () => {
      const { connection } = await connectToSilence();
      await clock.advance(19_999);
      assert.equal(connection.state, 'connecting');
      await clock.advance(1);
      assert.equal(connection.state, 'failed');
      assert.equal(connection.error?.code, Code.UNAVAILABLE);
      assert.equal(connection.error.reason, 'CONNECT_FAILED');
      assert.match(connection.error.details, /^cannot connect to 127\.0\.0\.1:\d+: no answer within 20000 ms/);
    });

    it('is one also when TLS was expected of it', async () => {
      const { connection } = await connectToSilence({ clientTls: { ca: CA } });
      await clock.advance(20_000);
      assert.equal(connection.state, 'failed');
      assert.equal(connection.error?.reason, 'CONNECT_FAILED');
      assert.match(connection.error?.details ?? '', /: no (TLS )?answer within 20000 ms/);
    });

    it('is connected all the same when it speaks in the end', async () => {
      const { connection, speak } = await connectToSilence();
      await clock.advance(20_000);
      assert.equal(connection.state, 'failed');
      const ready = reached(connection, 'ready');
      speak();
      // A transport that has given the connection up makes another one after its backoff.
      await clock.advance(200);
      await ready;
      assert.equal(connection.error, undefined);
    });

    it('leaves no timer when the connection is closed meanwhile', async () => {
      const { connection } = await connectToSilence();
      connection.close();
      // A transport may give the last socket a moment, until the peer has ended its side.
      while (clock.pendingTimers > 0) await new Promise<void>((resolve) => nextTurn(resolve));
    });
  });
}
