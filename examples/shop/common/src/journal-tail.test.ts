import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalTail } from './journal-tail.js';
import { temporaryFolder } from './testing/index.js';

describe('journal tail', () => {
  const folder = temporaryFolder();
  let tail: JournalTail<number>;
  const path = () => join(folder(), 'log.jsonl');
  beforeEach(() => {
    tail = new JournalTail<number>(path());
  });
  afterEach(() => tail.close());

  it('gives each record once', async () => {
    assert.deepEqual(await tail.read(), []);
    await writeFile(path(), '1\n2\n');
    assert.deepEqual(await tail.read(), [1, 2]);
    assert.deepEqual(await tail.read(), []);
    await appendFile(path(), '3\n');
    assert.deepEqual(await tail.read(), [3]);
  });

  it('waits for the end of a line, also when it comes in pieces', async () => {
    await writeFile(path(), '"ä');
    assert.deepEqual(await tail.read(), []);
    await appendFile(path(), 'ö');
    assert.deepEqual(await tail.read(), []);
    await appendFile(path(), '"\n');
    assert.deepEqual(await tail.read(), ['äö']);
  });

  it('passes over empty lines and torn ones', async () => {
    await writeFile(path(), '\n1\n\n{"to\n2\n');
    assert.deepEqual(await tail.read(), [1, 2]);
  });

  it('reads records that are longer than its chunks', async () => {
    const long = 'x'.repeat(200_000);
    await writeFile(path(), `"${long}"\n1\n`);
    assert.deepEqual(await tail.read(), [long, 1]);
  });

  it('gives every record to exactly one of several readers at a time', async () => {
    await writeFile(path(), Array.from({ length: 100 }, (_, n) => `${n}\n`).join(''));
    const reads = await Promise.all([tail.read(), tail.read(), tail.read()]);
    assert.deepEqual(
      reads.flat(),
      Array.from({ length: 100 }, (_, n) => n),
    );
  });
});
