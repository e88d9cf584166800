import assert from 'node:assert/strict';
import { Cancellation, Code, type Status } from '@breakwater/core';
import { Fixture, UNARY } from '@breakwater/rpc/conformance';
import { wireTransport } from '@breakwater/wire';
import type { Ports } from './connections-server.full.itest.js';
import { type Child, endForcibly, growth, megabytes, startChild } from './child.full.itest.js';
import type { Ending, Sample } from './in-child.full.itest.js';

const ROUNDS = 20;
const WARM_UP_ROUNDS = 4;
const CALLS_PER_ROUND = 50_000;
/** Calls in flight at a time. */
const WORKERS = 64;
const GROWTH_LIMIT_BYTES = 2e6;

const BY_CALLER: Status = {
  code: Code.CANCELLED,
  origin: 'local',
  reason: 'CANCELLED',
  details: 'the caller cancelled',
};

/** Node's own HTTP/2 closes a connection on which more than about 33 streams per second are reset. */
describe('a million calls that are cancelled on one connection between two processes', function () {
  this.timeout(3_600_000);
  const fixture = new Fixture(wireTransport());
  let server: Child;
  after(async () => {
    await fixture.dispose();
    endForcibly(server);
  });

  it('never cost that connection, nor the server any memory', async () => {
    server = await startChild('connections-server');
    const { plain } = await server.ask<Ports>('open');
    const connection = await fixture.ready({ host: '127.0.0.1', port: plain });
    const states: string[] = [];
    connection.onStateChange(() => states.push(`${connection.state}: ${connection.error?.details ?? ''}`));
    const call = (request: string, cancellation = new Cancellation()) =>
      connection.call(UNARY, fixture.call(UNARY, { request, cancellation }));

    const heaps: number[] = [];
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      let begun = 0;
      const work = async (): Promise<void> => {
        while (begun < CALLS_PER_ROUND) {
          begun += 1;
          const cancellation = new Cancellation();
          const cancel = (): void => cancellation.cancel(BY_CALLER);
          const running = call('hang', cancellation);
          // Sent and reset at once, or when the handler has had time to begin.
          if (begun % 2 === 0) setImmediate(cancel);
          else setTimeout(cancel, 1);
          const outcome = await running;
          assert.equal(outcome.ok || outcome.status.reason, 'CANCELLED');
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, work));
      assert.equal((await call('still there')).ok, true);
      const { heapBytes } = await server.ask<Sample>('sample');
      if (round >= WARM_UP_ROUNDS) heaps.push(heapBytes);
    }
    const perSecond = (ROUNDS * CALLS_PER_ROUND * 1000) / (performance.now() - startedAt);
    const { started, inFlight } = await server.ask<{ started: number; inFlight: number }>('calls');
    const { thirds } = growth(heaps);
    process.stdout.write(
      `    ${perSecond.toFixed(0)} per second, ${started} of them begun by the server; its heap: ${megabytes(heaps[0] ?? 0)} -> ${megabytes(heaps.at(-1) ?? 0)}, thirds ${megabytes(thirds)}\n`,
    );
    assert.deepEqual(states, []);
    assert.equal(inFlight, 0);
    assert.ok(thirds < GROWTH_LIMIT_BYTES, heaps.map(megabytes).join(', '));
    connection.close();
    await server.ask('close');
    assert.deepEqual(await server.ask<Ending>('ending'), { left: [], warnings: [] });
    assert.equal(await server.ended(), 0);
  });
});
