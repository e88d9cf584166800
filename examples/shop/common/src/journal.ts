import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockFile } from './file-lock.js';

/** A journal that cannot be read or written. The message names the file. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a journal held when it was opened. */
export interface OpenedJournal<T> {
  readonly journal: Journal<T>;
  readonly records: readonly T[];
  /** Bytes of an unfinished last line, cut off: a crash in the middle of a write that nobody had been told of. */
  readonly tornBytes: number;
}

/**
 * An append-only file, one JSON record per line. `append` settles when the record is on the disk.
 * Records that wait at the same time share one write and one fsync, so that the disk's latency bounds the latency of an
 * append and not the throughput. One writer per file.
 */
export class Journal<T> {
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;
  private failure: JournalError | undefined;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly unlock: () => void,
  ) {}

  /**
   * Opens or creates a journal, makes its folder, and cuts off a torn last line.
   * @throws JournalError for a complete line that is no JSON: then the file was damaged by something else than a crash;
   * and when another process has it open
   */
  static async open<T>(path: string): Promise<OpenedJournal<T>> {
    await mkdir(dirname(path), { recursive: true });
    const unlock = lock(path);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'a+');
      const bytes = await file.readFile();
      const end = bytes.lastIndexOf(0x0a) + 1;
      const records = parseLines<T>(bytes.subarray(0, end).toString('utf8'), path);
      if (end < bytes.length) {
        await file.truncate(end);
        await file.sync();
      }
      return { journal: new Journal<T>(path, file, unlock), records, tornBytes: bytes.length - end };
    } catch (error) {
      await file?.close();
      unlock();
      throw error;
    }
  }

  /** Settles when `record` is on the disk. @throws JournalError when writing failed, now or earlier, or after `close` */
  append(record: T): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const line = `${JSON.stringify(record)}\n`;
    return new Promise((resolve, reject) => {
      this.waiting.push({ line, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  /** Writes what waits and closes the file. Idempotent. */
  async close(): Promise<void> {
    await this.flushing;
    if (this.failure?.message === CLOSED) return;
    this.failure = new JournalError(CLOSED);
    await this.file.close();
    this.unlock();
  }

  private async flush(): Promise<void> {
    // Lets everything that is appended in this turn of the event loop join the first batch.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.file.appendFile(batch.map(({ line }) => line).join(''));
        await this.file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Nobody knows how much of the batch is in the file; writing on could put a record behind half a line.
        this.failure = new JournalError(`cannot write ${this.path}: ${(error as Error).message}`, { cause: error });
        for (const { reject } of [...batch, ...this.waiting]) reject(this.failure);
        this.waiting = [];
      }
    }
    this.flushing = undefined;
  }
}

const CLOSED = 'the journal is closed';

function lock(path: string): () => void {
  try {
    return lockFile(path);
  } catch (error) {
    throw new JournalError(`cannot open ${path}: ${(error as Error).message}; give this process a file of its own`, {
      cause: error,
    });
  }
}

function parseLines<T>(text: string, path: string): T[] {
  const records: T[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    try {
      records.push(JSON.parse(line) as T);
    } catch {
      throw new JournalError(`${path}:${index + 1} is no JSON record; restore the file, or move it away to start anew`);
    }
  }
  return records;
}
