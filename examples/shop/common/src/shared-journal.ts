import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from './journal.js';
import { JournalTail } from './journal-tail.js';

export interface SharedJournalOptions<T> {
  /** The folder that the instances of one service share. */
  readonly folder: string;
  /** `orders`: its files are named `orders-INSTANCE.jsonl`. */
  readonly kind: string;
  /** Unique among the instances of the folder: each writes a file of its own. */
  readonly instance: string;
  /** Told of every record: at first those of this instance, then those of the others as they are found, then all new ones. */
  readonly apply: (record: T, own: boolean) => void;
}

/**
 * One journal per instance of a service, which the other instances read: so that any of them can answer for what another
 * one did. Records of this instance are on the disk before they count; those of others are seen after `refresh`.
 */
export class SharedJournal<T> {
  private readonly tails = new Map<string, JournalTail<T>>();
  private refreshing: Promise<void> | undefined;

  private constructor(
    private readonly options: SharedJournalOptions<T>,
    private readonly journal: Journal<T>,
    /** Bytes of an unfinished last line that were cut off. */
    readonly tornBytes: number,
  ) {}

  /** Opens this instance's journal and reads all that are there. @throws JournalError as `Journal.open` does */
  static async open<T>(options: SharedJournalOptions<T>): Promise<SharedJournal<T>> {
    await mkdir(options.folder, { recursive: true });
    const { journal, records, tornBytes } = await Journal.open<T>(join(options.folder, fileName(options)));
    for (const record of records) options.apply(record, true);
    const shared = new SharedJournal<T>(options, journal, tornBytes);
    await shared.refresh();
    return shared;
  }

  /** Settles when `record` is on the disk and has been applied. */
  async append(record: T): Promise<void> {
    await this.journal.append(record);
    this.options.apply(record, true);
  }

  /** Applies what the other instances have written. Concurrent calls that began before a read started share it. */
  async refresh(): Promise<void> {
    // A read that is under way may have passed the record that this caller is after: wait for it, then read anew.
    if (this.refreshing !== undefined) await this.refreshing;
    this.refreshing ??= this.readOthers().finally(() => {
      this.refreshing = undefined;
    });
    await this.refreshing;
  }

  async close(): Promise<void> {
    await this.refreshing;
    await this.journal.close();
    for (const tail of this.tails.values()) await tail.close();
  }

  private async readOthers(): Promise<void> {
    const { folder, kind, apply } = this.options;
    const own = fileName(this.options);
    for (const name of await readdir(folder)) {
      if (name === own || !name.startsWith(`${kind}-`) || !name.endsWith('.jsonl')) continue;
      let tail = this.tails.get(name);
      if (tail === undefined) {
        tail = new JournalTail<T>(join(folder, name));
        this.tails.set(name, tail);
      }
      for (const record of await tail.read()) apply(record, false);
    }
  }
}

const fileName = ({ kind, instance }: { readonly kind: string; readonly instance: string }): string =>
  `${kind}-${instance}.jsonl`;
