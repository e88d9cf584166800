import type { Outcome } from '@breakwater/core';
import { RpcError } from '@breakwater/core';
import { ABANDONED } from './call-cancellation.js';
import type { CallOptions } from './options.js';
import { ResponseQueue } from './response-queue.js';
import { type BoundMethod, type StartedCall, startCall } from './start-call.js';

/**
 * Unary and client-streaming calls. An async function on purpose: an error made here, after the await, has the
 * application's own frames in its stack (V8's async stack traces), and nothing is captured for a call that succeeds.
 */
export async function callForOne(
  bound: BoundMethod,
  request: unknown,
  requests: AsyncIterable<unknown> | undefined,
  options: CallOptions | undefined,
): Promise<unknown> {
  const started = startCall(bound, { request, requests }, options);
  let outcome: Outcome;
  try {
    outcome = await bound.handler(started.call);
  } finally {
    started.release();
  }
  if (options !== undefined) report(outcome, options);
  if (outcome.ok) return outcome.value;
  throw RpcError.fromFailure(outcome, { target: bound.target, path: bound.method.path });
}

/** Server-streaming and bidi calls. The call starts with the first `next()`; breaking out of the loop cancels it. */
export async function* callForMany(
  bound: BoundMethod,
  request: unknown,
  requests: AsyncIterable<unknown> | undefined,
  options: CallOptions | undefined,
): AsyncGenerator<unknown, void, undefined> {
  const queue = new ResponseQueue(options?.onHeaders);
  const started = startCall(bound, { request, requests, responses: queue }, options, true);
  run(bound, started, queue, options);
  try {
    for (;;) {
      const step = await queue.next();
      if (step.done === true) break;
      yield step.value;
    }
    const { failure, defect } = queue;
    if (failure !== undefined) throw RpcError.fromFailure(failure, { target: bound.target, path: bound.method.path });
    if (defect !== undefined) throw defect;
  } finally {
    if (queue.abandon()) started.cancellation.cancel(ABANDONED);
  }
}

function run(bound: BoundMethod, started: StartedCall, queue: ResponseQueue, options: CallOptions | undefined): void {
  bound.handler(started.call).then(
    (outcome) => {
      started.release();
      if (options?.onTrailers !== undefined) options.onTrailers(outcome.trailers);
      queue.end(outcome.ok ? undefined : outcome);
    },
    (defect: unknown) => {
      started.release();
      queue.endWithDefect(
        defect instanceof Error
          ? defect
          : new Error('a policy threw something that is not an Error', { cause: defect }),
      );
    },
  );
}

function report(outcome: Outcome, options: CallOptions): void {
  if (options.onHeaders !== undefined && outcome.headers !== undefined) options.onHeaders(outcome.headers);
  options.onTrailers?.(outcome.trailers);
}
