import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal, JournalError } from './journal.js';
import { temporaryFolder } from './testing/index.js';

interface Entry {
  readonly n: number;
}

describe('journal', () => {
  const folder = temporaryFolder();
  const path = () => join(folder(), 'deeper', 'journal.jsonl');
  const reopen = () => Journal.open<Entry>(path());

  it('gives back what was appended, in order, when it is opened again', async () => {
    const { journal, records } = await reopen();
    assert.deepEqual(records, []);
    await journal.append({ n: 1 });
    await Promise.all([journal.append({ n: 2 }), journal.append({ n: 3 })]);
    await journal.close();

    const again = await reopen();
    assert.deepEqual(again.records, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    assert.equal(again.tornBytes, 0);
    await again.journal.close();
  });

  it('has a record in the file before it says so', async () => {
    const { journal } = await reopen();
    await journal.append({ n: 7 });
    assert.equal(await readFile(path(), 'utf8'), '{"n":7}\n');
    await journal.close();
  });

  it('cuts off a torn last line, so that the next record does not end up behind half a one', async () => {
    const first = await reopen();
    await first.journal.append({ n: 1 });
    await first.journal.close();
    await appendFile(path(), '{"n":2');

    const second = await reopen();
    assert.deepEqual(second.records, [{ n: 1 }]);
    assert.equal(second.tornBytes, 6);
    await second.journal.append({ n: 3 });
    await second.journal.close();
    assert.equal(await readFile(path(), 'utf8'), '{"n":1}\n{"n":3}\n');
  });

  it('takes a file that holds nothing but a torn line', async () => {
    await (await reopen()).journal.close();
    await writeFile(path(), '{"n":');
    const { journal, records } = await reopen();
    assert.deepEqual(records, []);
    await journal.close();
  });

  it('refuses a file whose complete lines are damaged, naming the line', async () => {
    await (await reopen()).journal.close();
    await writeFile(path(), '{"n":1}\nrubbish\n{"n":3}\n');
    await assert.rejects(
      reopen(),
      (error) => error instanceof JournalError && error.message.startsWith(`${path()}:2 `),
    );
  });

  it('is written by one process at a time, and says by which', async () => {
    const { journal } = await reopen();
    await assert.rejects(
      reopen(),
      (error) => error instanceof JournalError && error.message.includes(`process ${process.pid} writes to it`),
    );
    await journal.close();
    await (await reopen()).journal.close();
  });

  it('takes over the lock of a process that is gone', async () => {
    await (await reopen()).journal.close();
    // Process ids end at 2^22 on Linux: this one cannot live.
    await writeFile(`${path()}.lock`, String(2 ** 30));
    await (await reopen()).journal.close();
  });

  it('takes nothing after it was closed', async () => {
    const { journal } = await reopen();
    await journal.close();
    await journal.close();
    await assert.rejects(journal.append({ n: 1 }), JournalError);
  });

  it('shares writes among records that wait together, without mixing them up', async () => {
    const { journal } = await reopen();
    await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append({ n })));
    await journal.close();
    const { journal: again, records } = await reopen();
    assert.deepEqual(
      records.map(({ n }) => n),
      Array.from({ length: 500 }, (_, n) => n),
    );
    await again.close();
  });
});
