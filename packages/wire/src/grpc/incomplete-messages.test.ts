import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SessionPair } from '../http2/testing/session-pair.js';
import type { TestClientStream } from '../http2/testing/test-streams.js';
import { Inbox } from './inbox.js';
import { MessageAssembler, PREFIX_BYTES } from './message-assembler.js';

const KIB = 1024;
const STREAM_WINDOW = 256 * KIB;

/** A server that puts messages together and reads them at once. */
class Uploads {
  /** Length of each message that has become complete, by stream. */
  readonly completed: number[][] = [];
  readonly inboxes: Inbox[] = [];
  peakBytes = 0;

  private constructor(readonly pair: SessionPair) {
    pair.onAccept = (stream) => {
      const lengths: number[] = [];
      const inbox = new Inbox(pair.server, stream);
      const assembler = new MessageAssembler(100_000 * KIB);
      this.completed.push(lengths);
      this.inboxes.push(inbox);
      const sink = {
        onMessage: (_bytes: Buffer, start: number, end: number) => lengths.push(end - start),
        onBadPrefix: () => assert.fail(),
      };
      stream.recorder.onData = (_session, _stream, payload) => {
        const completed = assembler.feed(payload, 0, payload.length, sink);
        inbox.arrived(payload.length, assembler.heldBytes, completed);
        this.peakBytes = Math.max(this.peakBytes, pair.server.bufferedBytes);
      };
    };
  }

  static async begin(serverBufferBytes: number): Promise<Uploads> {
    return new Uploads(await new SessionPair({ serverBufferBytes }).connect());
  }

  /** A stream for each, with all of its messages on their way. */
  async send(messages: readonly (readonly number[])[]): Promise<TestClientStream[]> {
    const streams = messages.map(() => this.pair.start());
    await this.pair.settle();
    for (const [index, stream] of streams.entries()) {
      for (const length of messages[index] ?? []) {
        const message = Buffer.alloc(PREFIX_BYTES + length);
        message.writeUInt32BE(length, 1);
        stream.send(message);
      }
    }
    return streams;
  }
}

describe('messages that are incomplete while memory is short', () => {
  it('become complete one after the other, in memory for one of them beside what the windows allow', async () => {
    const uploads = await Uploads.begin(1000 * KIB);
    const messages = Array.from({ length: 40 }, () => [2000 * KIB]);
    await uploads.send(messages);
    await uploads.pair.settle();
    assert.deepEqual(uploads.completed, messages);
    const windows = 40 * 2 * STREAM_WINDOW;
    assert.ok(uploads.peakBytes < (1000 + 2 * 2000) * KIB + windows, `${uploads.peakBytes}`);
    assert.ok(uploads.peakBytes < 40 * 1000 * KIB, 'far less than all of them together');
    assert.equal(uploads.pair.server.bufferedBytes, 0);
  });

  it('do not wait for the later messages of the stream that goes on', async () => {
    const uploads = await Uploads.begin(300 * KIB);
    // Frames carry the end of one message and the beginning of the next: the first stream never stops in between.
    const endless = Array.from({ length: 200 }, () => 100 * KIB);
    await uploads.send([endless, [900 * KIB], [900 * KIB]]);
    for (let turns = 0; turns < 200 && uploads.completed.slice(1).some(({ length }) => length === 0); turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      uploads.pair.toServer();
      uploads.pair.toClient();
    }
    assert.ok((uploads.completed[0] ?? []).length < 150, `${uploads.completed[0]?.length} came before`);
    await uploads.pair.settle();
    assert.deepEqual(uploads.completed, [endless, [900 * KIB], [900 * KIB]]);
  });

  it('go on when the one whose turn it is ends', async () => {
    for (const end of ['cancelled', 'given up'] as const) {
      const uploads = await Uploads.begin(100 * KIB);
      const streams = await uploads.send([[], [900 * KIB], [900 * KIB]]);
      // The first announces much, and sends no more than a part of it.
      const begun = Buffer.alloc(200 * KIB);
      begun.writeUInt32BE(90_000 * KIB, 1);
      streams[0]?.send(begun);
      await uploads.pair.settle();
      if (end === 'cancelled') {
        streams[0]?.cancel(8);
        await uploads.pair.settle();
        uploads.inboxes[0]?.clear();
      } else uploads.inboxes[0]?.giveUpRest();
      await uploads.pair.settle();
      assert.deepEqual(uploads.completed, [[], [900 * KIB], [900 * KIB]], end);
    }
  });

  it('all become complete, whatever their number and size', async () => {
    const lengths = fc.array(fc.nat({ max: 900 * KIB }), { maxLength: 4 });
    const property = fc.asyncProperty(
      fc.array(lengths, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 64 * KIB, max: 1000 * KIB }),
      async (messages, serverBufferBytes) => {
        const uploads = await Uploads.begin(serverBufferBytes);
        await uploads.send(messages);
        await uploads.pair.settle();
        assert.deepEqual(uploads.completed, messages);
        assert.equal(uploads.pair.server.bufferedBytes, 0);
      },
    );
    await fc.assert(property, { numRuns: 25 });
  });
});
