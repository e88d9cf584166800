import assert from 'node:assert/strict';
import { frame, frames } from './frames.js';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const message of frames(inChunks(bytes, size))) found.push(message.toString());
  return found;
}

describe('frames of the conformance runner', () => {
  const messages = ['first', '', 'x'.repeat(300)];
  const bytes = Buffer.concat(messages.map((text) => frame(Buffer.from(text))));

  it('carry their length in four bytes, the highest first', () => {
    assert.deepEqual([...frame(Buffer.alloc(258)).subarray(0, 4)], [0, 0, 1, 2]);
  });

  it('arrive whole, however the bytes are cut', async () => {
    for (const size of [1, 3, 4, 7, 4096]) assert.deepEqual(await read(bytes, size), messages);
  });

  it('are refused when the last one is not complete', async () => {
    await assert.rejects(read(bytes.subarray(0, bytes.length - 1), 64), /ends inside a message/);
  });
});
