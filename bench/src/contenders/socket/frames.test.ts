import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
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
      const reader = new FrameReader((id, kind, body) => seen.push([id, kind, body.length - lead.length]));
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
    for (const size of sizes) writer.frame(1, 1, Buffer.alloc(0), Buffer.alloc(size));
    await tick();
    const seen: number[] = [];
    const reader = new FrameReader((_id, _kind, body) => seen.push(body.length));
    for (const chunk of written) reader.feed(chunk);
    assert.deepEqual(seen, sizes);
  });
});
