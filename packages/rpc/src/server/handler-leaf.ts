import type { Call, Clock, Failure, Handler, Outcome, Runtime, Status, Timer } from '@breakwater/core';
import { fail, Metadata, succeed } from '@breakwater/core';
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
    return unlessAbandoned(call, runtime, options, run(handle, call, context, runtime.clock));
  };
};

type Handle = (request: unknown, context: CallContext) => unknown;

async function runSingle(handle: Handle, call: Call, context: CallContext, clock: Clock): Promise<Outcome> {
  try {
    const value = await runWithContext(context, () => handle(call.requests ?? call.request, context));
    return succeed(requireMessage(value, call, 'returned'), context.responseHeaders, context.responseTrailers);
  } catch (thrown) {
    return failureOrThrow(thrown, call, context, clock);
  }
}

async function runStream(handle: Handle, call: Call, context: CallContext, clock: Clock): Promise<Outcome> {
  const responses = call.responses;
  if (responses === undefined) throw new Error(`${call.operation.path} streams its response, but the call has no sink`);
  let iterator: AsyncIterator<unknown> | undefined;
  /** The source has ended or thrown by itself. */
  let exhausted = false;
  // A source that waits for something of its own sees the end of its call only through this.
  const stop = (): void => {
    if (iterator !== undefined && !exhausted) runWithContext(context, () => closeSource(iterator));
  };
  try {
    const iterable = runWithContext(context, () => handle(call.requests ?? call.request, context));
    const source = requireIterable(iterable, call)[Symbol.asyncIterator]();
    iterator = source;
    call.cancellation.onCancel(stop);
    // Every next() runs in the context: an async generator takes that of whoever calls it.
    const pull = (): Promise<IteratorResult<unknown>> => source.next();
    for (;;) {
      let step: IteratorResult<unknown>;
      try {
        step = await runWithContext(context, pull);
      } catch (thrown) {
        exhausted = true;
        throw thrown;
      }
      exhausted = step.done === true;
      if (exhausted || call.cancellation.status !== undefined) break;
      const message = requireMessage(step.value, call, 'yielded');
      context.sendHeaders();
      const room = responses.message(message);
      if (room !== true) await room;
    }
    const cancelled = call.cancellation.status;
    if (cancelled !== undefined) return fail(cancelled, 'unknown', context.responseTrailers);
    return succeed(undefined, context.responseHeaders, context.responseTrailers);
  } catch (thrown) {
    // What the sink or we ourselves threw: the source has not ended by itself.
    stop();
    return failureOrThrow(thrown, call, context, clock);
  } finally {
    call.cancellation.removeListener(stop);
  }
}

/** Tells a source that nobody reads on; what it does then, or throws, matters to nobody. */
function closeSource(source: AsyncIterator<unknown> | undefined): void {
  try {
    source?.return?.().then(undefined, () => {});
  } catch {
    // A hand-written iterator may throw where it should reject, or return what is no promise.
  }
}

function requireMessage(value: unknown, call: Call, how: string): unknown {
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError(
    `the handler of ${call.operation.path} ${how} ${String(value)}; give it a message object, {} for an empty one`,
  );
}

function requireIterable(value: unknown, call: Call): AsyncIterable<unknown> {
  const given = value as Partial<AsyncIterable<unknown>> | null | undefined;
  if (typeof given?.[Symbol.asyncIterator] === 'function') return given as AsyncIterable<unknown>;
  // Of an async function instead of an async generator: what it rejects with is not the mistake to report.
  if (value instanceof Promise) value.catch(() => {});
  const what = value instanceof Promise ? 'a promise' : Array.isArray(value) ? 'an array' : String(value);
  throw new TypeError(
    `the handler of ${call.operation.path} returned ${what}, but has to stream its response; make it an async generator (async *)`,
  );
}

function failureOrThrow(thrown: unknown, call: Call, context: CallContext, clock: Clock): Failure {
  const failure = failureOf(thrown, call, context.responseTrailers, clock.now());
  if (failure === undefined) throw thrown;
  const headers = context.responseHeaders;
  return headers === Metadata.EMPTY ? failure : { ...failure, headers };
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
            : new Error(`a handler threw something that is not an Error: ${String(error)}`, { cause: error }),
        );
      },
    );
  });
}
