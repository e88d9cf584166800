import assert from 'node:assert/strict';
import { Stream } from '../http2/stream.js';
import { heldBytes } from '../testing/memory.js';
import { Inbox, type InboxSession, MESSAGE_OVERHEAD_BYTES } from './inbox.js';

const KILOBYTE = 1000;
const PREFIX_BYTES = 5;
const NOTHING = Buffer.alloc(0);

class NoStream extends Stream {
  override onData(): void {}
  override onReset(): void {}
  override onConnectionLost(): void {}
  override onWritten(): void {}
  override writeTrailers(): void {}
}

/** A session that only counts. */
class Counts implements InboxSession {
  held = 0;
  consumed = 0;
  hold = (byteCount: number): void => void (this.held += byteCount);
  release = (byteCount: number): void => void (this.held -= byteCount);
  keepUnread = (): void => {};
  onRead = (): void => {};
  mayGoOn = (): boolean => true;
  leaveLine = (): void => {};
  consume = (_stream: unknown, byteCount: number): void => void (this.consumed += byteCount);
}

function make() {
  const session = new Counts();
  const inbox = new Inbox(session, new NoStream());
  const put = (bytes = Buffer.alloc(KILOBYTE)): void => {
    inbox.put(bytes, 0, bytes.length, false);
    inbox.arrived(bytes.length + PREFIX_BYTES, 0, true);
  };
  return { session, inbox, put };
}

describe('the memory of an Inbox', () => {
  it('gives messages out in order, and their bytes back when they leave', () => {
    const { session, inbox, put } = make();
    for (let one = 0; one < 500; one++) put(Buffer.from(String(one)));
    assert.equal(session.consumed, 0);
    for (let one = 0; one < 500; one++) assert.equal(inbox.take()?.bytes.toString(), String(one));
    assert.equal(inbox.take(), undefined);
    assert.equal(inbox.empty, true);
    assert.equal(session.held, 0);
    assert.equal(session.consumed, 500 * PREFIX_BYTES + 10 + 90 * 2 + 400 * 3);
  });

  it('keeps no message that has been taken, though another always waits', () => {
    const { session, inbox, put } = make();
    put();
    const before = heldBytes();
    for (let one = 0; one < 20_000; one++) {
      put();
      inbox.take();
    }
    assert.equal(inbox.empty, false);
    assert.equal(session.held, KILOBYTE + PREFIX_BYTES + MESSAGE_OVERHEAD_BYTES);
    const held = heldBytes() - before;
    assert.ok(held < 2_000_000, `${held} bytes are held for one message`);
  });

  it('counts what messages without content take', () => {
    const { session, inbox, put } = make();
    const before = heldBytes();
    for (let one = 0; one < 100_000; one++) put(NOTHING);
    const held = heldBytes() - before;
    assert.ok(held < 1.3 * session.held, `${session.held} bytes are counted, ${held} are held`);
    inbox.clear();
    assert.equal(session.held, 0);
    assert.equal(session.consumed, 100_000 * PREFIX_BYTES);
  });
});
