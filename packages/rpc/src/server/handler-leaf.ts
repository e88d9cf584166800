import type { Call, Failure, Handler, Outcome, Runtime, Status, Timer } from '@breakwater/core';
import { fail, succeed } from '@breakwater/core';
import { CallContext } from '../context/call-context.js';
import { runWithContext } from '../context/propagation.js';
import type { Method } from '../method/method.js';
import { failureOf } from './failure.js';

/** A handler as the edge sees it, whatever its kind. */
export type AnyImplementation = (request: never, context: CallContext) => unknown;

export interface HandlerLeafOptions {
  /** How long a handler may go on after its call was cancelled or its deadline passed. Then its permits are given back. */
  readonly abandonAfterMs: number;
  /** Told when that happens: the handler ignores `context.signal`. */
  readonly onAbandoned: (call: Call) => void;
}

/**
 * The leaf of the server stack: runs the application's handler and turns what it returns or throws into an outcome.
 * Rejects only for defects (see `failureOf`), which `recover` handles.
 */
export const handlerLeaf = (
  method: Method,
  implementation: AnyImplementation,
  runtime: Runtime,
  options: HandlerLeafOptions,
): Handler => {
  const run = method.kind === 'unary' || method.kind === 'client_stream' ? runSingle : runStream;
  const handle = implementation as (request: unknown, context: CallContext) => unknown;
  return (call) => {
    const context = new CallContext(call, runtime.random);
    return unlessAbandoned(call, runtime, options, run(handle, call, context));
  };
};

type Handle = (request: unknown, context: CallContext) => unknown;

async function runSingle(handle: Handle, call: Call, context: CallContext): Promise<Outcome> {
  try {
    const value = await runWithContext(context, () => handle(call.requests ?? call.request, context));
    return succeed(value, context.responseHeaders, context.responseTrailers);
  } catch (thrown) {
    return failureOrThrow(thrown, call, context);
  }
}

async function runStream(handle: Handle, call: Call, context: CallContext): Promise<Outcome> {
  const responses = call.responses;
  if (responses === undefined) throw new Error(`${call.operation.path} streams its response, but the call has no sink`);
  let iterator: AsyncIterator<unknown> | undefined;
  // A generator that waits for something of its own sees the end of its call only through this.
  const stop = (): void => void iterator?.return?.().then(undefined, () => {});
  try {
    const iterable = runWithContext(context, () =>
      handle(call.requests ?? call.request, context),
    ) as AsyncIterable<unknown>;
    iterator = iterable[Symbol.asyncIterator]();
    const source = iterator;
    call.cancellation.onCancel(stop);
    // Every next() runs in the context: an async generator takes that of whoever calls it.
    const pull = (): Promise<IteratorResult<unknown>> => runWithContext(context, () => source.next());
    for (let step = await pull(); step.done !== true; step = await pull()) {
      if (call.cancellation.status !== undefined) break;
      context.sendHeaders();
      const room = responses.message(step.value);
      if (room !== true) await room;
    }
    const cancelled = call.cancellation.status;
    if (cancelled !== undefined) return fail(cancelled, 'unknown', context.responseTrailers);
    return succeed(undefined, context.responseHeaders, context.responseTrailers);
  } catch (thrown) {
    return failureOrThrow(thrown, call, context);
  } finally {
    call.cancellation.removeListener(stop);
  }
}

function failureOrThrow(thrown: unknown, call: Call, context: CallContext): Failure {
  const failure = failureOf(thrown, call, context.responseTrailers);
  if (failure === undefined) throw thrown;
  return failure;
}

/** The outcome of `work`, unless it goes on for `abandonAfterMs` after the call was cancelled. */
function unlessAbandoned(
  call: Call,
  runtime: Runtime,
  options: HandlerLeafOptions,
  work: Promise<Outcome>,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    const onCancel = (status: Status): void => {
      timer = runtime.clock.setTimer(options.abandonAfterMs, () => {
        options.onAbandoned(call);
        resolve(fail(status, 'unknown'));
      });
    };
    call.cancellation.onCancel(onCancel);
    const over = (): void => {
      call.cancellation.removeListener(onCancel);
      timer?.cancel();
    };
    work.then(
      (outcome) => {
        over();
        resolve(outcome);
      },
      (error: unknown) => {
        over();
        reject(
          error instanceof Error
            ? error
            : new Error('a handler threw something that is not an Error', { cause: error }),
        );
      },
    );
  });
}
