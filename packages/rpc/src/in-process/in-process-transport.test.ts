import assert from 'node:assert/strict';
import { Cancellation, Code, createRuntime, type Handler, succeed } from '@breakwater/core';
import { aCall, FakeClock, settleMicrotasks } from '@breakwater/core/testing';
import { methodsOf, type Method } from '../method/method.js';
import { EchoDefinition } from '../testing/echo.js';
import { clientLimits, serverLimits } from '../transport/limits.js';
import type { Connection, Listener } from '../transport/transport.js';
import { inProcessTransport } from './in-process-transport.js';
import { REQUEST_HIGH_WATER } from './request-inbox.js';

const [ONE, COLLECT] = methodsOf(EchoDefinition) as [Method, Method];

describe('in-process transport', () => {
  const transport = inProcessTransport();
  let clock: FakeClock;
  let connection: Connection;
  let listener: Listener;

  const listen = async (method: Method, handler: Handler, serverClock = clock, port = 0): Promise<void> => {
    const runtime = createRuntime({ clock: serverClock });
    listener = await transport.listen(
      { name: 'echo', host: '127.0.0.1', port, limits: serverLimits(), runtime },
      new Map([[method.path, { method, handler }]]),
    );
  };

  const connect = async (): Promise<void> => {
    // Chance in the middle: waits are exact.
    const runtime = createRuntime({ clock, random: { next: () => 0.5 } });
    connection = transport.connect(listener.address, {
      authority: 'echo',
      limits: clientLimits(),
      backoff: { initialMs: 100, maxMs: 200 },
      runtime,
    });
    connection.connect();
    await settleMicrotasks();
  };

  beforeEach(() => {
    clock = new FakeClock(5000);
  });

  afterEach(async () => {
    connection.close();
    await listener.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('tries again after 1, 1.6 and 2.56 times the first wait, at most the longest', async () => {
    await listen(ONE, async () => succeed({}));
    await connect();
    await listener.close();
    await settleMicrotasks();
    assert.equal(connection.state, 'failed');
    const attempts: number[] = [];
    connection.onStateChange(() => connection.state === 'failed' && attempts.push(clock.now()));
    for (let step = 0; step < 560; step++) await clock.advance(1);
    assert.deepEqual(attempts, [5100, 5260, 5460]);
    await listen(ONE, async () => succeed({}), clock, listener.address.port);
    assert.equal(connection.state, 'failed');
    await clock.advance(200);
    assert.equal(connection.state, 'ready');
    assert.equal(connection.error, undefined);
  });

  it('moves to a new listener at the same address at once when the old one drains', async () => {
    await listen(ONE, async () => succeed({ text: 'old' }));
    await connect();
    void listener.drain();
    await listen(ONE, async () => succeed({ text: 'new' }), clock, listener.address.port);
    await settleMicrotasks();
    assert.equal(connection.state, 'ready');
    const outcome = await connection.call(ONE, aCall({ operation: ONE, request: {} }));
    assert.ok(outcome.ok);
    assert.equal((outcome.value as { text: string }).text, 'new');
  });

  it('gives the handler what is left of the deadline on the clock of its server', async () => {
    await listen(
      ONE,
      async (call) => succeed({ count: call.deadline - call.now, text: String(call.now) }),
      new FakeClock(77),
    );
    await connect();
    const outcome = await connection.call(ONE, aCall({ operation: ONE, request: {}, now: 5000, deadline: 5250 }));
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.value, { count: 250, text: '77' });
  });

  it('pulls no more requests than it may keep, and lets go of everything when the call is cancelled', async () => {
    let pulled = 0;
    let closed = false;
    async function* requests(): AsyncGenerator<object> {
      try {
        for (;;) yield { count: pulled++ };
      } finally {
        closed = true;
      }
    }
    let release: (() => void) | undefined;
    await listen(COLLECT, async (call) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      for await (const _ of call.requests ?? []);
      return succeed({});
    });
    await connect();
    const cancellation = new Cancellation();
    const running = connection.call(
      COLLECT,
      aCall({ operation: COLLECT, requests: requests(), cancellation, deadline: 9000 }),
    );
    await settleMicrotasks();
    assert.equal(pulled, REQUEST_HIGH_WATER);
    cancellation.cancel({ code: Code.CANCELLED, details: 'enough', origin: 'local' });
    const outcome = await running;
    await settleMicrotasks();
    assert.ok(!outcome.ok && closed);
    assert.equal(cancellation.listenerCount, 0);
    assert.equal(listener.inFlight, 1);
    release?.();
    await settleMicrotasks();
    assert.equal(listener.inFlight, 0);
  });
});
