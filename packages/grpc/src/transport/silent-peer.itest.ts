import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Code, createRuntime } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { clientLimits, type Connection } from '@breakwater/rpc';
import { grpcTransport } from './grpc-transport.js';

/** An HTTP/2 SETTINGS frame without settings: the first words of every server. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe('a peer that takes connections and says nothing', () => {
  const clock = new FakeClock();
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
    assert.equal(clock.pendingTimers, 0);
  });

  /** A connection to such a peer, which has got the client's first words. */
  const connectToSilence = async (): Promise<{ connection: Connection; socket: Socket }> => {
    let heard = (_socket: Socket): void => {};
    const greeted = new Promise<Socket>((resolve) => {
      heard = resolve;
    });
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => heard(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const runtime = createRuntime({ clock });
    const connection = grpcTransport().connect(
      { host: '127.0.0.1', port },
      { authority: 'silence', limits: clientLimits(), backoff: { initialMs: 20, maxMs: 50 }, runtime },
    );
    connection.connect();
    const socket = await greeted;
    opened.push({ close: () => server.close() }, { close: () => socket.destroy() }, connection);
    return { connection, socket };
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

  it('is connected all the same when it speaks in the end', async () => {
    const { connection, socket } = await connectToSilence();
    await clock.advance(20_000);
    assert.equal(connection.state, 'failed');
    const ready = new Promise<void>((resolve) =>
      connection.onStateChange(() => connection.state === 'ready' && resolve()),
    );
    socket.write(SETTINGS);
    await ready;
    assert.equal(connection.error, undefined);
  });

  it('leaves no timer when the connection is closed meanwhile', async () => {
    const { connection } = await connectToSilence();
    connection.close();
    assert.equal(clock.pendingTimers, 0);
  });
});
