import assert from 'node:assert/strict';
import { Code, RpcError } from '@breakwater/core';
import { settleMicrotasks } from '@breakwater/core/testing';
import { World } from '../testing/world.js';
import type { CallContext } from './call-context.js';
import { currentContext, detach } from './propagation.js';

describe('context propagation', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** A server whose `one` with text "outer" calls its own `one` with "inner". */
  const nested = async (
    inner: (context: CallContext) => Promise<unknown>,
    between?: (call: () => Promise<unknown>) => Promise<unknown>,
  ): Promise<void> => {
    const client = world.client();
    await world.serve({
      one: async ({ text }, context) => {
        if (text === 'inner') {
          await inner(context);
          return {};
        }
        const call = (): Promise<unknown> => client.one({ text: 'inner' });
        await (between ?? ((run) => run()))(call);
        return {};
      },
    });
  };

  it('hands the deadline, the trace context and the request id on to the calls of a handler', async () => {
    let seen: CallContext | undefined;
    await nested(async (context) => {
      seen = context;
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await world
      .client()
      .one({ text: 'outer' }, { timeoutMs: 3000, metadata: { traceparent, 'x-request-id': 'r-1', 'x-private': 'p' } });
    assert.equal(seen?.metadata.get('traceparent'), traceparent);
    assert.equal(seen?.metadata.get('x-request-id'), 'r-1');
    assert.equal(seen?.metadata.get('x-private'), undefined);
    const left = (seen?.deadline ?? 0) - world.runtime.clock.now();
    assert.ok(left > 0 && left <= 3000, `${left} ms left`);
  });

  it('makes a request id where none came in, the same for all calls of the handler', async () => {
    const ids: unknown[] = [];
    await nested(
      async (context) => void ids.push(context.requestId),
      async (call) => {
        await call();
        await call();
      },
    );
    await world.client().one({ text: 'outer' });
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    assert.match(String(ids[0]), /^[0-9a-f]{32}$/);
  });

  it('cancels the calls of a handler when its own call is cancelled', async () => {
    let innerCancelled: ((status: unknown) => void) | undefined;
    const innerEnd = new Promise((resolve) => {
      innerCancelled = resolve;
    });
    await nested(
      (context) =>
        new Promise((_resolve, reject) =>
          context.cancellation.onCancel((status) => {
            innerCancelled?.(status.code);
            reject(new Error('stopped'));
          }),
        ),
    );
    const controller = new AbortController();
    const outer = world.client().one({ text: 'outer' }, { signal: controller.signal });
    outer.catch(() => {});
    await settleMicrotasks();
    await settleMicrotasks();
    controller.abort();
    assert.equal(await innerEnd, Code.CANCELLED);
  });

  it('lets detached work outlive the call, without its deadline and trace', async () => {
    let seen: CallContext | undefined;
    await nested(
      async (context) => {
        seen = context;
      },
      (call) => detach(call),
    );
    await world.client().one({ text: 'outer' }, { timeoutMs: 3000, metadata: { 'x-request-id': 'r-1' } });
    assert.equal(seen?.deadline, Number.POSITIVE_INFINITY);
    assert.notEqual(seen?.metadata.get('x-request-id'), 'r-1');
  });

  it('works without AsyncLocalStorage through the option parent, and not at all with null', async () => {
    const ids: unknown[] = [];
    const client = world.client();
    await world.serve({
      one: async ({ text }, context) => {
        if (text === 'inner') ids.push(context.metadata.get('x-request-id'));
        else {
          await detach(() => client.one({ text: 'inner' }, { parent: context }));
          await client.one({ text: 'inner' }, { parent: null });
        }
        return {};
      },
    });
    await client.one({ text: 'outer' }, { metadata: { 'x-request-id': 'r-2' } });
    assert.deepEqual(ids, ['r-2', undefined]);
  });

  it('keeps the context in every step of an async generator handler', async () => {
    const seen: boolean[] = [];
    world.client();
    await world.serve({
      async *count(_request, context) {
        for (let count = 0; count < 3; count++) {
          seen.push(currentContext() === context);
          yield { count };
          await settleMicrotasks();
          seen.push(currentContext() === context);
        }
      },
    });
    for await (const _note of world.client().count({}));
    assert.deepEqual(seen, [true, true, true, true, true, true]);
  });

  it('does not let an error of a dependency cross the hop with its code, unless it is overload or outage', async () => {
    const cases: readonly (readonly [Code, Code, number | undefined])[] = [
      [Code.NOT_FOUND, Code.INTERNAL, undefined],
      [Code.INVALID_ARGUMENT, Code.INTERNAL, undefined],
      [Code.PERMISSION_DENIED, Code.INTERNAL, undefined],
      [Code.UNAVAILABLE, Code.UNAVAILABLE, -1],
      [Code.RESOURCE_EXHAUSTED, Code.RESOURCE_EXHAUSTED, -1],
    ];
    let current: Code = Code.OK;
    await nested(async () => {
      throw new RpcError(current, 'secret of the dependency', { metadata: { 'x-leak': '1' }, retryAfterMs: 5 });
    });
    for (const [inner, outer, pushback] of cases) {
      current = inner;
      const error = (await world
        .client()
        .one({ text: 'outer' })
        .then(
          () => assert.fail('the call succeeded'),
          (thrown: unknown) => thrown,
        )) as RpcError;
      assert.equal(Code[error.code], Code[outer], `inner ${Code[inner]}`);
      assert.equal(error.retryAfterMs, pushback);
      assert.doesNotMatch(error.message, /secret/);
      assert.equal(error.metadata.get('x-leak'), undefined);
    }
  });

  it('lets it cross when the handler says so', async () => {
    await nested(
      async () => {
        throw new RpcError(Code.NOT_FOUND, 'no such order', { reason: 'ORDER_UNKNOWN' });
      },
      (call) =>
        call().catch((error: unknown) => {
          throw RpcError.forward(error);
        }),
    );
    const error = (await world
      .client()
      .one({ text: 'outer' })
      .then(
        () => assert.fail('the call succeeded'),
        (thrown: unknown) => thrown,
      )) as RpcError;
    assert.equal(error.code, Code.NOT_FOUND);
    assert.equal(error.reason, 'ORDER_UNKNOWN');
    assert.equal(error.details, 'no such order');
  });
});
