import assert from 'node:assert/strict';
import { createRuntime, type Handler } from '@breakwater/core';
import { inMemoryRegistry, roundRobin } from '@breakwater/discovery';
import { Channel, clientLimits, inProcessTransport, type Method } from '@breakwater/rpc';
import { APP } from '../interceptor/plain-app.itest.js';
import { Routes } from './routes.js';

const channel = new Channel({
  target: 'memory:///any',
  registry: inMemoryRegistry(),
  transport: inProcessTransport(),
  picker: roundRobin,
  limits: clientLimits(),
  backoff: { initialMs: 10, maxMs: 100 },
  runtime: createRuntime(),
  drainGraceMs: 0,
});

/** Routes, and the methods that stacks were asked for. */
function setUp(services = [APP]): { readonly routes: Routes; readonly composed: Method[] } {
  const composed: Method[] = [];
  const stackFor = (method: Method) => {
    composed.push(method);
    return (next: Handler) => next;
  };
  return { routes: new Routes({ channel, services, stackFor }), composed };
}

describe('Routes', () => {
  it('composes a stack when its route is used first, and once', () => {
    const { routes, composed } = setUp();
    const path = routes.of('/plain.v1.App/Unary');
    assert.equal(composed.length, 0);
    assert.equal(path.one, path.one);
    assert.equal(routes.of('/plain.v1.App/Unary').one.handler, path.one.handler);
    assert.equal(composed.length, 1);
    assert.notEqual(path.many.handler, path.one.handler);
    assert.equal(composed.length, 2);
  });

  it('tells a stack the kind and idempotency of the definition, whichever way the method is called', () => {
    const { routes, composed } = setUp();
    for (const name of Object.keys(APP)) {
      void routes.of(`/plain.v1.App/${name}`).one;
      void routes.of(`/plain.v1.App/${name}`).many;
    }
    assert.deepEqual(
      composed.map(({ method, kind, idempotency }) => `${method} ${kind} ${idempotency}`),
      [
        'Unary unary idempotent',
        'Unary unary idempotent',
        'Charge unary unknown',
        'Charge unary unknown',
        'Down server_stream no_side_effects',
        'Down server_stream no_side_effects',
        'Up client_stream idempotent',
        'Up client_stream idempotent',
        'Chat bidi unknown',
        'Chat bidi unknown',
      ],
    );
  });

  it('counts every response as a stream where there is no definition', () => {
    const { routes } = setUp([]);
    const { one, many } = routes.of('/plain.v1.App/Unary');
    assert.deepEqual([one.operation.kind, many.operation.kind], ['server_stream', 'bidi']);
    assert.deepEqual([one.unary, many.unary], [false, false]);
  });

  it('forgets the first of more than a thousand paths, and remembers the others', () => {
    const { routes } = setUp([]);
    const first = routes.of('/a/0');
    const second = routes.of('/a/1');
    for (let index = 2; index <= 1000; index++) routes.of(`/a/${index}`);
    assert.equal(routes.of('/a/1'), second);
    assert.notEqual(routes.of('/a/0'), first);
  });
});
