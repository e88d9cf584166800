import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { ByteSink } from '@breakwater/codec';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function capture(): { readonly socket: Socket; readonly written: Buffer[] } {
  const written: Buffer[] = [];
  const sink = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      written.push(Buffer.from(chunk));
      done();
    },
  });
  return { socket: sink as unknown as Socket, written };
}

describe('frames of the bare socket', () => {
  it('go out once per tick, and come back the same however they are cut', async () => {
    const { socket, written } = capture();
    const writer = new FrameWriter(socket);
    const lead = Buffer.from('lead');
    for (const size of [0, 1, 300]) writer.frame(size, 7, lead, Buffer.alloc(size, 'x'));
    await tick();
    assert.equal(written.length, 1);
    const bytes = Buffer.concat(written);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const seen: unknown[] = [];
      const reader = new FrameReader((id, kind, _bytes, start, end) =>
        seen.push([id, kind, end - start - lead.length]),
      );
      for (let at = 0; at < bytes.length; at += cut) reader.feed(bytes.subarray(at, at + cut));
      assert.deepEqual(seen, [
        [0, 7, 0],
        [1, 7, 1],
        [300, 7, 300],
      ]);
    }
  });

  it('of large messages keep their place among the others', async () => {
    const { socket, written } = capture();
    const writer = new FrameWriter(socket);
    const sizes = [10, 1024 * 1024, 20, 60_000, 60_000, 60_000, 60_000, 60_000];
    for (const [index, size] of sizes.entries()) {
      const bytes = Buffer.alloc(size);
      const writeInPlace = (sink: ByteSink): void => {
        sink.reserve(size);
        sink.bytes.set(bytes, sink.pos);
        sink.pos += size;
      };
      writer.frame(1, 1, Buffer.alloc(0), index % 2 === 0 ? bytes : writeInPlace);
    }
    await tick();
    const seen: number[] = [];
    const reader = new FrameReader((_id, _kind, _bytes, start, end) => seen.push(end - start));
    for (const chunk of written) reader.feed(chunk);
    assert.deepEqual(seen, sizes);
  });
});
