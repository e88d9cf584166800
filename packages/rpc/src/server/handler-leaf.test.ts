import assert from 'node:assert/strict';
import {
  Cancellation,
  Code,
  createRuntime,
  fail,
  RpcError,
  type Call,
  type Outcome,
  type Status,
} from '@breakwater/core';
import { aCall, FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { currentContext } from '../context/propagation.js';
import { methodsOf } from '../method/method.js';
import { EchoDefinition } from '../testing/echo.js';
import { World } from '../testing/world.js';
import { handlerLeaf } from './handler-leaf.js';
import { recover } from './recover.js';

const [one, , count] = methodsOf(EchoDefinition);
const GONE: Status = { code: Code.CANCELLED, details: 'the caller has gone', origin: 'local' };

describe('the leaf of the server stack', () => {
  let clock: FakeClock;
  let defects: string[];
  let abandoned: Call[];
  beforeEach(() => {
    clock = new FakeClock();
    defects = [];
    abandoned = [];
  });

  const run = (handler: unknown, call: Partial<Call> = {}, method = one): Promise<Outcome> => {
    const runtime = createRuntime({ clock });
    runtime.events.subscribe((event) => {
      if (event.type === 'defect')
        defects.push(event.error instanceof Error ? event.error.message : String(event.error));
    });
    assert.ok(method !== undefined);
    const options = { abandonAfterMs: 1000, onAbandoned: (one: Call) => abandoned.push(one) };
    const responses = method === count ? { headers: () => {}, message: () => true as const } : undefined;
    return recover(runtime)(handlerLeaf(method, handler as never, runtime, options))(
      aCall({ operation: method, responses, ...call }),
    );
  };
  const stream = (handler: unknown, call: Partial<Call> = {}): Promise<Outcome> => run(handler, call, count);
  const codeOf = (outcome: Outcome): string => (outcome.ok ? 'OK' : Code[outcome.status.code]);

  it('reports a handler that answers nothing or no message as a defect that says so', async () => {
    for (const wrong of [undefined, null, 'text', 7]) {
      assert.equal(codeOf(await run(async () => wrong)), 'INTERNAL');
      assert.match(
        defects.pop() ?? '',
        new RegExp(`handler of /test.v1.Echo/One returned ${String(wrong)}; give it a message`),
      );
      async function* yielding() {
        yield wrong;
      }
      assert.equal(codeOf(await stream(yielding)), 'INTERNAL');
      assert.match(defects.pop() ?? '', new RegExp(`handler of /test.v1.Echo/Count yielded ${String(wrong)}`));
    }
  });

  it('reports a streaming handler that is no async generator as a defect that says so', async () => {
    async function rejecting() {
      throw new Error('an async function where a generator belongs');
    }
    for (const [wrong, what] of [
      [() => undefined, 'undefined'],
      [() => [{}], 'an array'],
      [async () => (async function* () {})(), 'a promise'],
      [rejecting, 'a promise'],
    ] as const) {
      assert.equal(codeOf(await stream(wrong)), 'INTERNAL');
      assert.match(
        defects.pop() ?? '',
        new RegExp(`returned ${what}, but has to stream its response; make it an async generator`),
      );
    }
    // Time for an unhandled rejection to end the run.
    await settleMicrotasks();
  });

  it('sends no trailers with a defect', async () => {
    const failing = async (_request: unknown, context: { setTrailers(trailers: object): void }) => {
      context.setTrailers({ 'x-cost': '7' });
      throw new TypeError('secret');
    };
    const outcome = await run(failing);
    assert.equal(outcome.trailers.size, 0);
  });

  it('hands on headers that a handler has set before it fails', async () => {
    const failing = async (_request: unknown, context: { setHeaders(headers: object): void }) => {
      context.setHeaders({ 'x-cost': '7' });
      throw new RpcError(Code.NOT_FOUND, 'no such thing');
    };
    const outcome = await run(failing);
    assert.equal(codeOf(outcome), 'NOT_FOUND');
    assert.equal(outcome.headers?.get('x-cost'), '7');
  });

  it('takes an error that says OK for the defect it is', async () => {
    const outcome = await run(async () => {
      throw new RpcError(Code.OK, 'all is well');
    });
    assert.equal(codeOf(outcome), 'INTERNAL');
    assert.match(defects.pop() ?? '', /all is well/);
  });

  const received = (code: Code): RpcError =>
    RpcError.fromFailure(fail({ code, details: 'at the bank', origin: 'remote' }), { target: 'bank', path: '/b/c' });

  it('reports the error of a dependency that it hides from the caller, and only that', async () => {
    const throwing = (code: Code) => async () => {
      throw received(code);
    };
    assert.equal(codeOf(await run(throwing(Code.NOT_FOUND))), 'INTERNAL');
    assert.match(defects.pop() ?? '', /NOT_FOUND: at the bank/);
    assert.equal(codeOf(await run(throwing(Code.CANCELLED))), 'INTERNAL');
    assert.match(defects.pop() ?? '', /CANCELLED: at the bank/);
    assert.equal(codeOf(await run(throwing(Code.UNAVAILABLE))), 'UNAVAILABLE');
    assert.equal(
      codeOf(await run(async () => Promise.reject(RpcError.forward(received(Code.NOT_FOUND))))),
      'NOT_FOUND',
    );
    assert.deepEqual(defects, []);
  });

  it("passes a dependency's DEADLINE_EXCEEDED on as its own once the call has no time left, and not before", async () => {
    const late = async () => {
      throw received(Code.DEADLINE_EXCEEDED);
    };
    assert.equal(codeOf(await run(late, { deadline: 1000 })), 'INTERNAL');
    await clock.advance(1000);
    assert.equal(codeOf(await run(late, { deadline: 1000 })), 'DEADLINE_EXCEEDED');
    assert.equal(codeOf(await run(late, { deadline: 1500 })), 'INTERNAL');
  });

  it('ends a source of its own making that waits when the call is cancelled, in the context of the call', async () => {
    const cancellation = new Cancellation();
    let inContext: unknown;
    new World().client();
    let end: (() => void) | undefined;
    const source = (_request: unknown, context: unknown) => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve) => (end = () => resolve({ done: true, value: undefined }))),
        return: async () => {
          inContext = currentContext() === context;
          end?.();
          return { done: true, value: undefined };
        },
      }),
    });
    const outcome = stream(source, { cancellation });
    await settleMicrotasks();
    cancellation.cancel(GONE);
    assert.equal(codeOf(await outcome), 'CANCELLED');
    assert.equal(inContext, true);
    assert.equal(cancellation.listenerCount, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('survives a source whose return() throws or gives no promise', async () => {
    for (const wrong of [
      () => {
        throw new Error('no return for you');
      },
      () => undefined,
    ]) {
      const cancellation = new Cancellation();
      const told: string[] = [];
      const source = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: wrong }) });
      const outcome = stream(source, { cancellation });
      cancellation.onCancel(() => told.push('another listener'));
      await settleMicrotasks();
      cancellation.cancel(GONE);
      assert.deepEqual(told, ['another listener']);
      await clock.advance(1000);
      assert.equal(codeOf(await outcome), 'CANCELLED');
      assert.equal(abandoned.length, 1);
      abandoned = [];
    }
  });

  it('closes the generator when the caller is held back and then gone', async () => {
    const cancellation = new Cancellation();
    let release: (() => void) | undefined;
    let closed = false;
    const room = new Promise<void>((resolve) => (release = resolve));
    const outcome = stream(
      async function* () {
        try {
          for (;;) yield {};
        } finally {
          closed = true;
        }
      },
      { cancellation, responses: { headers: () => {}, message: () => room } },
    );
    await settleMicrotasks();
    cancellation.cancel(GONE);
    release?.();
    assert.equal(codeOf(await outcome), 'CANCELLED');
    assert.equal(closed, true);
  });

  it('closes the generator when the sink of its messages throws', async () => {
    let closed = false;
    const outcome = await stream(
      async function* () {
        try {
          for (;;) yield {};
        } finally {
          closed = true;
        }
      },
      {
        responses: {
          headers: () => {},
          message: () => {
            throw new Error('sink out of order');
          },
        },
      },
    );
    assert.equal(codeOf(outcome), 'INTERNAL');
    await settleMicrotasks();
    assert.equal(closed, true);
  });

  it('never starts a generator whose call is cancelled already', async () => {
    const cancellation = new Cancellation();
    cancellation.cancel(GONE);
    let ran = false;
    async function* handler() {
      ran = true;
      yield {};
    }
    assert.equal(codeOf(await stream(handler, { cancellation })), 'CANCELLED');
    assert.equal(ran, false);
    assert.equal(clock.pendingTimers, 0);
  });
});
