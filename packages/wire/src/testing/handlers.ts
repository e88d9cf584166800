import { fail, succeed, type Call, type Outcome } from '@breakwater/core';
import type { Method, ServedMethod } from '@breakwater/rpc';
import { COUNT, ECHO, HANG, MANY, TALK } from './methods.js';

const PIECE = Buffer.alloc(16 * 1024, 'x');

/** The methods of a server under test, and what is known of their calls. */
export class Handlers {
  started = 0;
  running = 0;
  /** Messages that handlers have sent or read. */
  sent = 0;
  read = 0;

  readonly served: ReadonlyMap<string, ServedMethod> = new Map(
    (
      [
        [ECHO, async ({ request }: Call) => succeed(request)],
        [HANG, (call: Call) => untilCancelled(call)],
        [MANY, (call: Call) => this.sendMany(call)],
        [COUNT, (call: Call) => this.count(call)],
        [TALK, (call: Call) => this.talk(call)],
      ] as const
    ).map(([method, handler]: readonly [Method, (call: Call) => Promise<Outcome>]) => [
      method.path,
      { method, handler: (call: Call) => this.watched(call, handler) },
    ]),
  );

  private async watched(call: Call, handler: (call: Call) => Promise<Outcome>): Promise<Outcome> {
    this.started++;
    this.running++;
    try {
      return await handler(call);
    } catch (error) {
      // The request stream of a cancelled call ends with an error.
      if (call.cancellation.status !== undefined) return fail(call.cancellation.status);
      throw error;
    } finally {
      this.running--;
    }
  }

  private async sendMany({ request, responses, cancellation }: Call): Promise<Outcome> {
    const count = Number(Buffer.from(request as Uint8Array).toString());
    for (let one = 0; one < count && !cancellation.cancelled; one++) {
      const more = responses?.message(PIECE);
      this.sent++;
      if (more !== true) await more;
    }
    return succeed(undefined);
  }

  private async count({ requests }: Call): Promise<Outcome> {
    let count = 0;
    let bytes = 0;
    for await (const one of requests ?? []) {
      this.read++;
      count++;
      bytes += (one as Uint8Array).length;
    }
    return succeed(`${count} messages, ${bytes} bytes`);
  }

  private async talk({ requests, responses }: Call): Promise<Outcome> {
    for await (const one of requests ?? []) {
      this.read++;
      await responses?.message(one);
    }
    return succeed(undefined);
  }
}

const untilCancelled = ({ cancellation }: Call): Promise<Outcome> =>
  new Promise((resolve) => cancellation.onCancel((status) => resolve(fail(status))));
