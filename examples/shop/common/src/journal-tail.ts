import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a journal that other processes append to: each `read` gives the records that came since the last one.
 * An unfinished last line waits until it is complete; lines that are no JSON (torn by a crash) are passed over.
 */
export class JournalTail<T> {
  private file: FileHandle | undefined;
  private offset = 0;
  private partial: Buffer = Buffer.alloc(0);
  private reading: Promise<unknown> = Promise.resolve();

  constructor(readonly path: string) {}

  /** The new records, in the order of the file; none when the file does not exist yet. Concurrent reads follow each other. */
  read(): Promise<T[]> {
    const next = this.reading.then(() => this.readOn());
    this.reading = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    await this.reading;
    await this.file?.close();
    this.file = undefined;
  }

  private async readOn(): Promise<T[]> {
    this.file ??= await openIfThere(this.path);
    if (this.file === undefined) return [];
    const records: T[] = [];
    for (;;) {
      const { bytesRead, buffer } = await this.file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, this.offset);
      if (bytesRead === 0) return records;
      this.offset += bytesRead;
      const bytes = Buffer.concat([this.partial, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      this.partial = bytes.subarray(end);
      for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) {
        const record = parse<T>(line);
        if (record !== undefined) records.push(record);
      }
    }
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse<T>(line: string): T | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}
