import type { EventEmitter } from 'node:events';
import { status, type Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';

// What a stub tells its application, in order and as text: for comparing two channels under the same stub.

/** Statuses whose words are made by whoever ends the call, and differ. */
const OWN_WORDS: ReadonlySet<number> = new Set([
  status.OK,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.UNAVAILABLE,
]);

const own = (metadata: Metadata): string =>
  Object.entries(metadata.toJSON())
    .filter(([key]) => key.startsWith('x-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, values]) => ` ${key}=${values.map((value) => value.toString('hex' as never)).join(',')}`)
    .join('');

const ending = ({ code, details }: Pick<StatusObject, 'code' | 'details'>): string =>
  `${status[code]}${OWN_WORDS.has(code) ? '' : ` "${details}"`}`;

export class EventLog {
  /** What comes back. */
  readonly lines: string[] = [];
  /** What happens on the way out: how it mixes with what comes back is a matter of speed. */
  readonly written: string[] = [];
  private over = 0;

  note(line: string): void {
    this.lines.push(line);
  }

  /** The callback of a method with one response. */
  readonly callback = (error: ServiceError | null, value?: unknown): void => {
    this.note(error === null ? `answer ${JSON.stringify(value)}` : `callback ${ending(error)}${own(error.metadata)}`);
  };

  /** Listens to everything but `data`, which would start the flow. */
  listen<T extends EventEmitter>(call: T): T {
    let done = false;
    call.on('metadata', (metadata: Metadata) => {
      // grpc-js sends a call that is cancelled in the tick of its start, and then tells what came of it.
      if (!done) this.note(`metadata${own(metadata)}`);
    });
    call.on('error', (error: ServiceError) => this.note(`error ${ending(error)}${own(error.metadata)}`));
    call.on('end', () => this.note('end'));
    call.on('finish', () => this.written.push('finish'));
    call.on('status', (status_: StatusObject) => {
      done = true;
      this.over += 1;
      this.note(`status ${ending(status_)}${own(status_.metadata)}`);
    });
    return call;
  }

  /** And to the messages. */
  read<T extends EventEmitter>(call: T): T {
    return this.listen(call).on('data', (message: unknown) => this.note(`data ${JSON.stringify(message)}`));
  }

  /** Settles a few turns after `calls` calls have had their status: whatever else is told, is told by then. */
  async whenOver(calls = 1): Promise<void> {
    while (this.over < calls) await new Promise(setImmediate);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  }

  count(start: string): number {
    return this.lines.filter((line) => line.startsWith(start)).length;
  }
}
