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

/**
 * Server-streaming and bidi calls. The call starts with the first `next()`; breaking out of the loop cancels it, and so
 * do `return()` and `throw()` while a `next()` still waits for a message.
 */
export function callForMany(
  bound: BoundMethod,
  request: unknown,
  requests: AsyncIterable<unknown> | undefined,
  options: CallOptions | undefined,
): AsyncGenerator<unknown, void, undefined> {
  const queue = new ResponseQueue(options?.onHeaders);
  const responses = read(bound, request, requests, options, queue);
  const leave = responses.return.bind(responses);
  const raise = responses.throw.bind(responses);
  // A generator takes these only after the `next()` that is pending, which the server may never answer.
  responses.return = (value) => {
    queue.abandon();
    return leave(value);
  };
  responses.throw = (error) => {
    queue.abandon();
    return raise(error);
  };
  return responses;
}

async function* read(
  bound: BoundMethod,
  request: unknown,
  requests: AsyncIterable<unknown> | undefined,
  options: CallOptions | undefined,
  queue: ResponseQueue,
): AsyncGenerator<unknown, void, undefined> {
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

/** Starts the call; its end, and whatever a policy or a callback throws, goes to the queue. */
function run(bound: BoundMethod, started: StartedCall, queue: ResponseQueue, options: CallOptions | undefined): void {
  const finish = async (): Promise<void> => {
    try {
      const outcome = await bound.handler(started.call);
      options?.onTrailers?.(outcome.trailers);
      queue.end(outcome.ok ? undefined : outcome);
    } catch (defect) {
      queue.endWithDefect(
        defect instanceof Error
          ? defect
          : new Error('a policy threw something that is not an Error', { cause: defect }),
      );
    } finally {
      started.release();
    }
  };
  void finish();
}

function report(outcome: Outcome, options: CallOptions): void {
  if (options.onHeaders !== undefined && outcome.headers !== undefined) options.onHeaders(outcome.headers);
  options.onTrailers?.(outcome.trailers);
}
