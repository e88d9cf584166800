import {
  ChildCancellation,
  Code,
  type Around,
  type Call,
  type Handler,
  type Outcome,
  type ResponseSink,
  type Runtime,
  type Status,
  type Timer,
} from '@breakwater/core';
import { expiredOutcome } from './expired-outcome.js';
import { resolveTimeout, type TimeoutOptions } from './options.js';

const POLICY = 'idle-timeout';

/**
 * Ends a server-streaming or bidi call on which nothing has moved, in either direction, for `timeoutMs`:
 * DEADLINE_EXCEEDED, reason `IDLE_TIMEOUT`, origin `remote`. Time during which the reader holds the stream back does not
 * count. Other calls pass untouched.
 *
 * Order: beside `attemptTimeout`, innermost.
 * @throws ConfigError when `timeoutMs` is not a number from 1 to 24 h
 */
export function idleTimeout(options: TimeoutOptions, runtime: Runtime): Around {
  const { timeoutMs } = resolveTimeout(options, 'idleTimeout');
  const status: Status = Object.freeze({
    code: Code.DEADLINE_EXCEEDED,
    reason: 'IDLE_TIMEOUT',
    details: `nothing moved on the stream for ${timeoutMs} ms`,
    origin: 'remote',
    source: POLICY,
  });
  return (next) => (call) =>
    call.responses === undefined ? next(call) : watched(next, call, call.responses, { timeoutMs, status, runtime });
}

interface Rule {
  readonly timeoutMs: number;
  readonly status: Status;
  readonly runtime: Runtime;
}

async function watched(next: Handler, call: Call, responses: ResponseSink, rule: Rule): Promise<Outcome> {
  const { clock, events } = rule.runtime;
  const cancellation = new ChildCancellation(call.cancellation);
  let movedAt = call.now;
  let heldBack = 0;
  let expired = false;
  let timer: Timer | undefined;

  // One timer looks back at the last movement, instead of one being set and cancelled per message.
  const arm = (delayMs: number): void => {
    timer = clock.setTimer(delayMs, () => {
      if (cancellation.cancelled) return;
      const leftMs = heldBack > 0 ? rule.timeoutMs : movedAt + rule.timeoutMs - clock.now();
      if (leftMs > 0) return arm(leftMs);
      expired = true;
      if (events.listening) events.emit({ type: 'rejected', policy: POLICY, call, status: rule.status });
      cancellation.cancel(rule.status);
    });
  };
  const moved = (): void => {
    movedAt = clock.now();
  };
  const resumed = (): void => {
    heldBack -= 1;
    moved();
  };
  const sink: ResponseSink = {
    headers: (metadata) => {
      if (expired) return;
      moved();
      responses.headers(metadata);
    },
    message: (message) => {
      if (expired) return true;
      moved();
      const taken = responses.message(message);
      if (taken === true) return true;
      heldBack += 1;
      return taken.finally(resumed);
    },
  };
  arm(rule.timeoutMs);
  const requests = call.requests === undefined ? undefined : observed(call.requests, moved);
  try {
    const outcome = await next({ ...call, cancellation, responses: sink, requests });
    return expired ? expiredOutcome(outcome, rule.status) : outcome;
  } finally {
    timer?.cancel();
    cancellation.release();
  }
}

/** The same messages; `moved` is called for each. Closing it closes the source. */
async function* observed(source: AsyncIterable<unknown>, moved: () => void): AsyncGenerator<unknown> {
  for await (const message of source) {
    moved();
    yield message;
  }
}
