import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Stream } from '../http2/stream.js';
import { Inbox, type InboxSession, MESSAGE_OVERHEAD_BYTES } from './inbox.js';
import { MessageAssembler, PREFIX_BYTES } from './message-assembler.js';

/** Counts what an inbox gives back and holds. */
class Ledger implements InboxSession {
  /** Given back to the window of the stream. */
  returned = 0;
  /** Held in memory. */
  held = 0;
  /** Of it, what waits for the reader. */
  unread = 0;
  /** Whether the rest of a message may come. */
  memory = true;
  readonly stream = {} as Stream;

  consume(stream: Stream, byteCount: number): void {
    assert.equal(stream, this.stream);
    assert.ok(byteCount > 0);
    this.returned += byteCount;
  }
  hold(byteCount: number): void {
    assert.ok(byteCount > 0);
    this.held += byteCount;
  }
  release(byteCount: number): void {
    assert.ok(byteCount > 0);
    this.held -= byteCount;
    assert.ok(this.held >= 0);
  }
  keepUnread(byteCount: number): void {
    assert.ok(byteCount > 0);
    this.unread += byteCount;
  }
  onRead(byteCount: number): void {
    assert.ok(byteCount > 0);
    this.unread -= byteCount;
    assert.ok(this.unread >= 0);
  }
  mayGoOn(): boolean {
    return this.memory;
  }
  leaveLine(): void {}
}

function make() {
  const ledger = new Ledger();
  return { ledger, inbox: new Inbox(ledger, ledger.stream) };
}

/** A whole message of so many bytes arrives in one frame. */
function arrive(inbox: Inbox, length: number): void {
  const bytes = Buffer.alloc(length + 10, length % 256);
  inbox.put(bytes, 5, 5 + length, false);
  inbox.arrived(length + PREFIX_BYTES, 0, true);
}

describe('Inbox', () => {
  it('gives messages out in the order they came', () => {
    const { inbox } = make();
    inbox.put(Buffer.from('xoney'), 1, 4, false);
    inbox.put(Buffer.from('two'), 0, 3, true);
    assert.deepEqual(inbox.take(), { bytes: Buffer.from('one'), compressed: false });
    inbox.put(Buffer.from('three'), 0, 5, false);
    assert.equal(inbox.empty, false);
    assert.deepEqual(inbox.take(), { bytes: Buffer.from('two'), compressed: true });
    assert.deepEqual(inbox.take(), { bytes: Buffer.from('three'), compressed: false });
    assert.equal(inbox.empty, true);
    assert.equal(inbox.take(), undefined);
  });

  it('gives a message back to the window when it is taken, and not before', () => {
    const { inbox, ledger } = make();
    arrive(inbox, 100);
    arrive(inbox, 50);
    assert.deepEqual([ledger.returned, ledger.held], [0, 160 + 2 * MESSAGE_OVERHEAD_BYTES]);
    inbox.take();
    assert.deepEqual([ledger.returned, ledger.held], [105, 55 + MESSAGE_OVERHEAD_BYTES]);
    inbox.take();
    assert.deepEqual([ledger.returned, ledger.held], [160, 0]);
  });

  it('gives back at once what nobody had to wait for', () => {
    const { inbox, ledger } = make();
    inbox.arrived(105, 0, true);
    assert.deepEqual([ledger.returned, ledger.held], [105, 0]);
  });

  it('gives back as it comes what is still being put together, however large, and counts its memory', () => {
    const { inbox, ledger } = make();
    inbox.arrived(10_000, 65_536, false);
    inbox.arrived(100_000, 131_072, false);
    assert.deepEqual([ledger.returned, ledger.held], [110_000, 131_072]);
    inbox.put(Buffer.alloc(200_000), 0, 200_000, false);
    inbox.arrived(90_005, 0, true);
    assert.deepEqual([ledger.returned, ledger.held], [110_000, 200_005 + MESSAGE_OVERHEAD_BYTES]);
    inbox.take();
    assert.deepEqual([ledger.returned, ledger.held], [200_005, 0]);
  });

  it('while memory is short, keeps back what is being put together until its turn has come', () => {
    const { inbox, ledger } = make();
    ledger.memory = false;
    inbox.arrived(10_000, 65_536, false);
    inbox.arrived(1000, 65_536, false);
    assert.equal(ledger.returned, 0);
    ledger.memory = true;
    inbox.goOn();
    assert.equal(ledger.returned, 11_000);
    ledger.memory = false;
    inbox.arrived(5000, 65_536, false);
    inbox.put(Buffer.alloc(100), 0, 100, false);
    inbox.arrived(95, 0, true);
    assert.equal(ledger.returned, 11_000 + 5000 + 95 - 105, 'a message that is complete waits for its reader only');
  });

  it('keeps nothing back of a message whose rest is given up', () => {
    const { inbox, ledger } = make();
    ledger.memory = false;
    arrive(inbox, 100);
    inbox.arrived(10_000, 65_536, false);
    inbox.giveUpRest();
    assert.deepEqual([ledger.held, ledger.unread], [105 + MESSAGE_OVERHEAD_BYTES, 105 + MESSAGE_OVERHEAD_BYTES]);
    inbox.take();
    assert.deepEqual([ledger.returned, ledger.held], [10_105, 0]);
  });

  it('gives everything back when nobody reads on, and only once', () => {
    const { inbox, ledger } = make();
    arrive(inbox, 100);
    inbox.arrived(20, 64, false);
    inbox.clear();
    inbox.clear();
    assert.deepEqual([ledger.returned, ledger.held, inbox.empty], [125, 0, true]);
    inbox.arrived(30, 0, false);
    assert.equal(ledger.returned, 155);
  });

  it('returns every byte exactly once and holds what waits, for any messages, frames and readers', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('frame' as const), size: fc.integer({ min: 1, max: 20_000 }) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), size: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('ask' as const), size: fc.constant(0) }) },
    );
    const sizes = fc.array(fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 200_000 })), { maxLength: 8 });
    const property = fc.property(sizes, fc.array(step, { maxLength: 80, size: 'max' }), (messages, steps) => {
      const { inbox, ledger } = make();
      const payload = Buffer.concat(
        messages.map((length) => {
          const message = Buffer.alloc(PREFIX_BYTES + length);
          message.writeUInt32BE(length, 1);
          return message;
        }),
      );
      const assembler = new MessageAssembler(1_000_000);
      const waiting: number[] = [];
      let wanted = false;
      let at = 0;
      /** As a server does: what the reader has asked for already goes past the inbox. */
      const sink = {
        onMessage: (bytes: Buffer, start: number, end: number) => {
          if (wanted) wanted = false;
          else {
            inbox.put(bytes, start, end, false);
            waiting.push(end - start + PREFIX_BYTES);
          }
        },
        onBadPrefix: () => assert.fail(),
      };
      for (const { kind, size } of steps) {
        if (kind === 'frame') {
          const end = Math.min(payload.length, at + size);
          const completed = assembler.feed(payload, at, end, sink);
          inbox.arrived(end - at, assembler.heldBytes, completed);
          at = end;
        } else if (kind === 'take') {
          assert.equal((inbox.take()?.bytes.length ?? -PREFIX_BYTES) + PREFIX_BYTES, waiting.shift() ?? 0);
        } else if (inbox.empty) wanted = true;
        const waits = waiting.reduce((sum, one) => sum + one, 0);
        const memory = waits + waiting.length * MESSAGE_OVERHEAD_BYTES;
        assert.equal(ledger.held, memory + assembler.heldBytes);
        assert.equal(ledger.unread, memory);
        assert.ok(ledger.returned <= at, 'never more than came');
        assert.ok(ledger.returned >= at - waits, 'nothing is kept back but for what waits');
        if (inbox.empty) assert.equal(ledger.returned, at);
      }
      inbox.clear();
      assert.equal(ledger.returned, at);
      assert.deepEqual([ledger.held, ledger.unread], [0, 0]);
    });
    fc.assert(property, { numRuns: 150 });
  });
});
