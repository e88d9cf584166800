import assert from 'node:assert/strict';
import { FakeClock } from '@breakwater/core/testing';
import { linger } from './linger.js';
import { SessionPair } from './testing/session-pair.js';

function make(writableLength: number) {
  const clock = new FakeClock();
  const socket = {
    writableLength,
    destroyed: false,
    destroy() {
      this.destroyed = true;
    },
  };
  return { clock, socket };
}

describe('a socket whose connection is over', () => {
  it('is cut after 10 s when its peer does not end it', () => {
    const { clock, socket } = make(0);
    linger(socket, clock);
    clock.tick(9999);
    assert.equal(socket.destroyed, false);
    clock.tick(1);
    assert.equal(socket.destroyed, true);
    assert.equal(clock.pendingTimers, 0);
  });

  it('may send what it holds for as long as its peer reads', () => {
    const { clock, socket } = make(1000);
    linger(socket, clock);
    for (let count = 0; count < 10; count++) {
      socket.writableLength -= 100;
      clock.tick(10_000);
      assert.equal(socket.destroyed, false);
    }
    clock.tick(10_000);
    assert.equal(socket.destroyed, true);
  });

  it('is cut when its peer has stopped reading', () => {
    const { clock, socket } = make(1000);
    linger(socket, clock);
    socket.writableLength = 500;
    clock.tick(10_000);
    assert.equal(socket.destroyed, false);
    clock.tick(10_000);
    assert.equal(socket.destroyed, true);
  });

  it('needs no timer when it has gone already', () => {
    const { clock, socket } = make(0);
    socket.destroyed = true;
    linger(socket, clock);
    assert.equal(clock.pendingTimers, 0);
  });

  it('is that of a session, however it ended', async () => {
    const endings: ((pair: SessionPair) => void)[] = [
      (pair) => pair.server.close('closed'),
      (pair) => pair.server.onSocketEnd('the client closed it'),
      (pair) => pair.server.onChunk(Buffer.alloc(100)),
      (pair) => pair.client.close('closed'),
      (pair) => pair.client.onChunk(Buffer.alloc(100)),
    ];
    for (const [index, end] of endings.entries()) {
      const pair = await new SessionPair().connect();
      await pair.open();
      const socket = index < 3 ? pair.serverSocket : pair.clientSocket;
      socket.room = 0;
      end(pair);
      assert.equal(socket.destroyed, false);
      pair.clock.tick(10_000);
      assert.equal(socket.destroyed, true, `ending ${index}`);
    }
  });
});
