import type { Call, Handler, Outcome, Sent } from '../call.js';
import { fail, succeed } from '../outcome.js';
import { Code } from '../code.js';
import type { Status } from '../status.js';

/** A call that has reached the mock leaf and waits for the test's answer. */
export interface HeldCall {
  readonly call: Call;
  answer(outcome: Outcome): void;
  succeed(value?: unknown): void;
  fail(code: Code, options?: Partial<Status> & { readonly sent?: Sent }): void;
  /** Rejects the handler's promise: a defect. */
  explode(error: unknown): void;
}

/** The far side of a stack under test: holds each call until the test answers it. */
export interface MockLeaf {
  readonly handler: Handler;
  /** Every call that arrived, in order, answered or not. */
  readonly held: readonly HeldCall[];
  /** The newest call. @throws Error when none has arrived */
  last(): HeldCall;
}

/** A leaf that the test plays by hand; with `auto`, each call is answered at once by that function. */
export function mockLeaf(auto?: (call: Call, index: number) => Outcome): MockLeaf {
  const held: HeldCall[] = [];
  const handler: Handler = (call) =>
    new Promise<Outcome>((resolve, reject) => {
      const index = held.length;
      held.push({
        call,
        answer: resolve,
        succeed: (value) => resolve(succeed(value)),
        fail: (code, options = {}) => resolve(aFailure(code, options)),
        explode: reject,
      });
      if (auto !== undefined) resolve(auto(call, index));
    });
  return {
    handler,
    held,
    last: () => {
      const newest = held.at(-1);
      if (newest === undefined) throw new Error('no call has reached the leaf');
      return newest;
    },
  };
}

/** A failure as the far side would report it: origin `remote`, sent `unknown` unless said otherwise. */
export const aFailure = (code: Code, options: Partial<Status> & { readonly sent?: Sent } = {}): Outcome => {
  const { sent, ...status } = options;
  return fail({ details: Code[code] ?? 'failed', origin: 'remote', ...status, code }, sent ?? 'unknown');
};
