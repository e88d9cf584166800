import assert from 'node:assert/strict';
import fc from 'fast-check';
import { heldBytes } from '../testing/memory.js';
import { writeFrameHeader } from './frame-writer.js';
import { Output } from './output.js';
import { SendRotation, type SendingSession } from './send-rotation.js';
import { Stream } from './stream.js';
import { FakeSocket } from './testing/fake-socket.js';
import { framesOf } from './testing/frames.js';

const DATA = 0;
const HEADERS = 1;
const END_STREAM = 1;
const MAX_FRAME = 16_384;
const TURN_BYTES = 512 * 1024;
const pattern = Buffer.from(Array.from({ length: 300_007 }, (_, index) => (index * 31 + (index >> 8)) % 256));

class TestStream extends Stream {
  written = 0;
  /** Called when payload has left. */
  after = (): void => {};

  constructor(
    private readonly sender: Sender,
    id: number,
    window: number,
  ) {
    super();
    this.id = id;
    this.sendWindow = window;
  }

  override onData(): void {}
  override onReset(): void {}
  override onConnectionLost(): void {}
  override onWritten(byteCount: number): void {
    this.written += byteCount;
    this.after();
  }
  override writeTrailers(): void {
    writeFrameHeader(this.sender.out, 0, HEADERS, END_STREAM, this.id);
    this.gone = true;
  }
}

/** A session with nothing in it but its sending side. */
class Sender implements SendingSession {
  readonly socket = new FakeSocket();
  readonly out = new Output(this.socket, { beforeWrite: () => {} }, false);
  readonly rotation = new SendRotation(this);
  readonly peerMaxFrame = MAX_FRAME;
  readonly ended: number[] = [];
  held = 0;
  frames = 0;
  private nextId = 1;

  constructor(public sendWindow = Number.POSITIVE_INFINITY) {}

  letGo(byteCount: number): void {
    this.held -= byteCount;
  }
  onFrameSent(): void {
    this.frames += 1;
  }
  onTailWritten(stream: Stream): void {
    this.ended.push(stream.id);
  }

  open(window = Number.POSITIVE_INFINITY): TestStream {
    const stream = new TestStream(this, this.nextId, window);
    this.nextId += 2;
    return stream;
  }

  send(stream: TestStream, payload: Buffer | string): void {
    this.held += payload.length;
    this.rotation.enqueue(stream, Buffer.from(payload));
  }

  /** One turn. @returns what was written, as `stream:bytes`, `stream:trailers`, with `.` for END_STREAM */
  turn(): string[] {
    this.rotation.pump();
    this.out.flush();
    return framesOf(this.socket.read()).map(({ type, flags, streamId, payload }) => {
      assert.ok(type === DATA || payload.length === 0);
      return `${streamId}:${type === DATA ? payload.length : 'trailers'}${(flags & END_STREAM) === 0 ? '' : '.'}`;
    });
  }
}

describe('SendRotation', () => {
  it('lets streams take turns, one frame each, in the order they came', () => {
    const sender = new Sender();
    const [first, second] = [sender.open(), sender.open()];
    sender.send(first, Buffer.alloc(40_000));
    sender.send(second, Buffer.alloc(20_000));
    assert.deepEqual(sender.turn(), ['1:16384', '3:16384', '1:16384', '3:3616', '1:7232']);
    assert.equal(sender.rotation.idle, true);
    assert.deepEqual([sender.held, sender.frames, first.written, second.written], [0, 5, 40_000, 20_000]);
  });

  it('does not let a stream of 10 MB hold small ones up', () => {
    const sender = new Sender();
    const large = sender.open();
    sender.send(large, Buffer.alloc(10_000_000));
    for (let count = 0; count < 8; count++) {
      assert.equal(sender.turn().length, TURN_BYTES / MAX_FRAME);
      const small = sender.open();
      sender.send(small, Buffer.alloc(100));
      assert.ok(sender.turn().slice(0, 2).includes(`${small.id}:100`));
    }
  });

  it('stops after half a MiB, so that other connections have their turn, and says that there is more', () => {
    const sender = new Sender();
    sender.send(sender.open(), Buffer.alloc(TURN_BYTES + 1));
    assert.equal(sender.rotation.pump(), true);
    assert.equal(sender.rotation.pump(), false);
    assert.equal(sender.rotation.idle, true);
  });

  it('does not ask for a turn in which it could write nothing', () => {
    const sender = new Sender(TURN_BYTES);
    sender.send(sender.open(), Buffer.alloc(TURN_BYTES * 2));
    assert.equal(sender.rotation.pump(), false);
  });

  it('puts messages of one stream together in a frame', () => {
    const sender = new Sender();
    const stream = sender.open();
    for (const payload of ['a', 'bc', 'def']) sender.send(stream, payload);
    sender.rotation.pump();
    sender.out.flush();
    assert.deepEqual(
      framesOf(sender.socket.read()).map(({ payload }) => payload.toString()),
      ['abcdef'],
    );
  });

  it('keeps to the window of a stream, and goes on where it stopped', () => {
    const sender = new Sender();
    const stream = sender.open(10);
    sender.send(stream, Buffer.alloc(25));
    assert.deepEqual([sender.turn(), sender.turn()], [['1:10'], []]);
    stream.sendWindow += 7;
    sender.rotation.enter(stream);
    assert.deepEqual(sender.turn(), ['1:7']);
    assert.deepEqual([stream.sendWindow, stream.queuedBytes, sender.held], [0, 8, 8]);
  });

  it('keeps to the window of the connection, for all streams together', () => {
    const sender = new Sender(30);
    for (const stream of [sender.open(), sender.open()]) sender.send(stream, Buffer.alloc(25));
    assert.deepEqual([sender.turn(), sender.turn()], [['1:25', '3:5'], []]);
    assert.equal(sender.sendWindow, 0);
    sender.sendWindow = 100;
    assert.deepEqual(sender.turn(), ['3:20']);
  });

  it('writes nothing for a stream whose window new settings have made negative', () => {
    const sender = new Sender();
    const stream = sender.open(-5);
    sender.send(stream, 'abc');
    assert.deepEqual(sender.turn(), []);
    stream.sendWindow = 1;
    sender.rotation.enter(stream);
    assert.deepEqual(sender.turn(), ['1:1']);
  });

  it('ends a stream with its last payload', () => {
    const sender = new Sender();
    const stream = sender.open();
    sender.send(stream, Buffer.alloc(20_000));
    sender.rotation.finish(stream, 'end');
    assert.deepEqual(sender.turn(), ['1:16384', '1:3616.']);
    assert.deepEqual(sender.ended, [1]);
  });

  it('ends a stream without payload by an empty frame', () => {
    const sender = new Sender(0);
    sender.rotation.finish(sender.open(0), 'end');
    assert.deepEqual(sender.turn(), ['1:0.']);
    assert.deepEqual(sender.ended, [1]);
  });

  it('writes trailers behind the last payload, and not before', () => {
    const sender = new Sender();
    const stream = sender.open(10);
    sender.send(stream, Buffer.alloc(15));
    sender.rotation.finish(stream, 'trailers');
    assert.deepEqual(sender.turn(), ['1:10']);
    stream.sendWindow = 10;
    sender.rotation.enter(stream);
    assert.deepEqual(sender.turn(), ['1:5', '1:trailers.']);
    assert.deepEqual(sender.ended, []);
  });

  it('ends streams that have nothing to send, although the window of the connection is used up', () => {
    const sender = new Sender(0);
    sender.send(sender.open(), 'waits');
    sender.rotation.finish(sender.open(), 'end');
    sender.rotation.finish(sender.open(), 'trailers');
    assert.deepEqual(sender.turn(), ['3:0.', '5:trailers.']);
  });

  it('lets every stream have its turn, also when there are idle turns between those with a window', () => {
    const sender = new Sender(0);
    for (const stream of [sender.open(), sender.open(), sender.open()]) sender.send(stream, Buffer.alloc(100));
    const turns: string[] = [];
    for (let count = 0; count < 6; count++) {
      assert.deepEqual(sender.turn(), []);
      sender.sendWindow = 10;
      turns.push(...sender.turn());
    }
    assert.deepEqual(turns, ['1:10', '3:10', '5:10', '1:10', '3:10', '5:10']);
  });

  it('writes nothing of a stream that is gone', () => {
    const sender = new Sender(50);
    const [gone, stays] = [sender.open(), sender.open()];
    for (const stream of [gone, stays]) sender.send(stream, Buffer.alloc(40));
    gone.gone = true;
    sender.rotation.finish(gone, 'end');
    assert.deepEqual(sender.turn(), ['3:40']);
    assert.equal(sender.rotation.idle, true);
    sender.rotation.enter(gone);
    assert.equal(sender.rotation.idle, true);
  });

  it('does not keep streams that are gone while it can write nothing', () => {
    const sender = new Sender(0);
    const stays = [sender.open(), sender.open()] as const;
    sender.send(stays[0], 'first');
    for (let count = 0; count < 50_000; count++) {
      const stream = sender.open();
      sender.send(stream, 'payload');
      stream.gone = true;
      sender.turn();
    }
    sender.send(stays[1], 'last');
    // Nothing else shows what it keeps.
    const { streams } = sender.rotation as unknown as { readonly streams: readonly unknown[] };
    assert.ok(streams.length <= 1024, `${streams.length} places`);
    sender.sendWindow = 100;
    assert.deepEqual(sender.turn(), ['1:5', '3:4']);
  });

  it('writes no trailers of a stream that ends when it hears that its payload has left', () => {
    const sender = new Sender();
    const stream = sender.open();
    sender.send(stream, 'last words');
    sender.rotation.finish(stream, 'trailers');
    stream.after = () => (stream.gone = true);
    assert.deepEqual(sender.turn(), ['1:10']);
  });

  it('writes the trailers behind payload that was appended when the payload before had left', () => {
    const sender = new Sender();
    const stream = sender.open();
    sender.send(stream, 'one');
    stream.after = () => {
      stream.after = () => {};
      sender.send(stream, 'more');
      sender.rotation.finish(stream, 'trailers');
    };
    assert.deepEqual([...sender.turn(), ...sender.turn()], ['1:3', '1:4', '1:trailers.']);
  });

  it('keeps small payload together while it waits, in order, so that it takes no more than a few times its bytes', () => {
    const sender = new Sender();
    const stream = sender.open(0);
    const COUNT = 100_000;
    const piece = (at: number): Buffer => pattern.subarray(at, at + (at % 1000 === 7 ? 600 : at % 9));
    const before = heldBytes();
    for (let at = 0; at < COUNT; at++) sender.send(stream, piece(at));
    const held = heldBytes() - before;
    assert.ok(held < 6 * stream.queuedBytes, `${held} bytes are held for ${stream.queuedBytes}`);
    stream.sendWindow = Number.POSITIVE_INFINITY;
    sender.rotation.enter(stream);
    sender.rotation.pump();
    sender.out.flush();
    const received = framesOf(sender.socket.read()).map(({ payload }) => payload);
    assert.ok(Buffer.concat(received).equals(Buffer.concat(Array.from({ length: COUNT }, (_, at) => piece(at)))));
    assert.equal(sender.held, 0);
  });

  it('bears to be pumped by a stream that hears of its payload', () => {
    const sender = new Sender();
    const streams = [sender.open(), sender.open(), sender.open()];
    for (const stream of streams) sender.send(stream, Buffer.alloc(10));
    for (const stream of streams) stream.after = () => void sender.rotation.pump();
    assert.deepEqual(sender.turn(), ['1:10', '3:10', '5:10']);
    assert.equal(sender.rotation.idle, true);
  });

  it('copes with thousands of streams', () => {
    const sender = new Sender();
    for (let count = 0; count < 5000; count++) sender.send(sender.open(), 'abc');
    for (let turns = 0; turns < 3; turns++) sender.turn();
    assert.equal(sender.held, 0);
    assert.equal(sender.frames, 5000);
  });

  it('passes large payload on without copying it, and copies small', () => {
    const sender = new Sender();
    const [large, small] = [Buffer.alloc(4096), Buffer.alloc(4095)];
    for (const payload of [large, small]) sender.rotation.enqueue(sender.open(), payload);
    sender.socket.room = 0;
    sender.rotation.pump();
    sender.out.flush();
    large.fill('L');
    small.fill('S');
    sender.socket.drain(1e6);
    const [first, second] = framesOf(sender.socket.read());
    assert.deepEqual([first?.payload[0], second?.payload[0]], ['L'.charCodeAt(0), 0]);
  });
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), which: fc.nat({ max: 4 }), size: fc.nat({ max: 40_000 }) }),
  fc.record({ kind: fc.constant('window' as const), which: fc.nat({ max: 5 }), size: fc.nat({ max: 30_000 }) }),
  fc.record({ kind: fc.constant('finish' as const), which: fc.nat({ max: 4 }), size: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constant('pump' as const), which: fc.constant(0), size: fc.constant(0) }),
);

describe('SendRotation, over any payload and any windows', () => {
  it('sends every byte once, in order, within the windows, and the tail behind it', () => {
    const property = fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const sender = new Sender(20_000);
      const streams = [0, 1, 2, 3, 4].map(() => ({ stream: sender.open(10_000), credit: 10_000, sent: 0, tail: '' }));
      let credit = 20_000;
      const received = new Map(streams.map(({ stream }) => [stream.id, [] as Buffer[]]));
      const tails = new Map<number, string>();
      const pump = (): void => {
        sender.rotation.pump();
        sender.out.flush();
        for (const { type, flags, streamId, payload } of framesOf(sender.socket.read())) {
          assert.equal(tails.get(streamId), undefined, 'nothing behind the tail');
          received.get(streamId)?.push(payload);
          assert.ok(payload.length <= MAX_FRAME);
          if ((flags & END_STREAM) !== 0) tails.set(streamId, type === DATA ? 'end' : 'trailers');
        }
      };
      const widen = (which: number, size: number): void => {
        const one = streams[which];
        if (one === undefined) {
          sender.sendWindow += size;
          credit += size;
        } else {
          one.stream.sendWindow += size;
          one.credit += size;
          if (one.stream.queuedBytes > 0) sender.rotation.enter(one.stream);
        }
      };
      const check = (): void => {
        let all = 0;
        for (const one of streams) {
          const bytes = Buffer.concat(received.get(one.stream.id) ?? []);
          assert.ok(bytes.equals(pattern.subarray(0, bytes.length)), 'in order');
          assert.ok(bytes.length <= one.credit, 'the window of the stream');
          assert.equal(one.stream.queuedBytes, one.sent - bytes.length);
          assert.equal(one.stream.sendWindow, one.credit - bytes.length);
          if (tails.has(one.stream.id)) assert.equal(bytes.length, one.sent, 'the tail is last');
          all += bytes.length;
        }
        assert.ok(all <= credit, 'the window of the connection');
        assert.equal(sender.sendWindow, credit - all);
        assert.equal(
          sender.held,
          streams.reduce((sum, { stream }) => sum + stream.queuedBytes, 0),
        );
      };
      for (const { kind, which, size } of steps) {
        const one = streams[which];
        if (kind === 'pump') pump();
        else if (kind === 'window') widen(which, size);
        else if (one === undefined || one.tail !== '' || one.sent + size > pattern.length) continue;
        else if (kind === 'send' && size > 0) {
          sender.send(one.stream, pattern.subarray(one.sent, one.sent + size));
          one.sent += size;
        } else if (kind === 'finish') {
          one.tail = size === 0 ? 'end' : 'trailers';
          sender.rotation.finish(one.stream, size === 0 ? 'end' : 'trailers');
        }
        check();
      }
      for (let which = 0; which <= 5; which++) widen(which, 1e9);
      for (let turns = 0; turns < 10; turns++) pump();
      check();
      for (const { stream, sent, tail } of streams) {
        assert.equal(Buffer.concat(received.get(stream.id) ?? []).length, sent, 'nothing is left');
        assert.equal(tails.get(stream.id) ?? '', tail);
      }
      assert.equal(sender.rotation.idle, true);
    });
    fc.assert(property, { numRuns: 150 });
  });
});
