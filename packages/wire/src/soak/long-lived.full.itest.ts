import assert from 'node:assert/strict';
import { Cancellation, Code, fail, succeed, type Call, type Outcome, type Status } from '@breakwater/core';
import type { Connection, Listener } from '@breakwater/rpc';
import {
  BIDI,
  certificates,
  Fixture,
  RecordingSink,
  SERVER_STREAM,
  UNARY,
  type Handlers,
} from '@breakwater/rpc/conformance';
import { expectNothingInside, insides } from '../testing/insides.js';
import { MemoryTrend } from '../testing/memory-trend.js';
import { wireTransport } from '../wire-transport.js';

const SAMPLES = 20;
const GROWTH_LIMIT_BYTES = 1e6;
const WORKERS = 64;

const BY_CALLER: Status = {
  code: Code.CANCELLED,
  origin: 'local',
  reason: 'CANCELLED',
  details: 'the caller cancelled',
};

/** Answers, unless it is asked to hang. */
const unary = ({ request, cancellation }: Call): Promise<Outcome> =>
  request === 'hang'
    ? new Promise((resolve) => cancellation.onCancel((status) => resolve(fail(status))))
    : Promise.resolve(succeed(request));

/** Sends until it is cancelled. */
const endless = async ({ responses, cancellation }: Call): Promise<Outcome> => {
  for (let count = 0; !cancellation.cancelled; count++) {
    const more = responses?.message(count);
    if (more !== true) await more;
  }
  return fail(cancellation.status ?? BY_CALLER);
};

const talk = async ({ requests, responses }: Call): Promise<Outcome> => {
  for await (const one of requests ?? []) {
    const more = responses?.message(one);
    if (more !== true) await more;
  }
  return succeed(undefined);
};

const HANDLERS: Handlers = [
  [UNARY, unary],
  [SERVER_STREAM, endless],
  [BIDI, talk],
];

for (const { over, tls, times } of [
  { over: 'TCP', tls: false, times: 1_000_000 },
  { over: 'TLS', tls: true, times: 200_000 },
]) {
  /** Both sides live in this process, so that one can look into them. */
  describe(`one connection for a long time, over ${over}`, function () {
    this.timeout(3_600_000);
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    let fixture: Fixture;
    let connection: Connection;
    let listener: Listener;
    let states: string[];
    let trend: MemoryTrend;
    beforeEach(async () => {
      fixture = new Fixture(wireTransport());
      ({ connection, listener } = await fixture.pair(
        HANDLERS,
        tls ? { serverTls: certificates.SERVER, clientTls: { ca: certificates.CA } } : {},
      ));
      states = [];
      trend = new MemoryTrend();
      connection.onStateChange(() => states.push(connection.state));
    });
    afterEach(() => fixture.dispose());

    const expectAllAsBefore = async (): Promise<void> => {
      await expectNothingInside(connection, listener, () => fixture.pause(10));
      assert.deepEqual(states, [], 'the connection was lost');
      const text = `growth ${(trend.growthBytes / 1e6).toFixed(2)} MB`;
      process.stdout.write(`    ${text}\n`);
      assert.ok(trend.growthBytes < GROWTH_LIMIT_BYTES, `${text}: ${trend.toString()}`);
    };

    /** Runs `one` so many times, some at a time, and looks at the memory now and then. */
    const repeat = async (count: number, one: (index: number) => Promise<void>): Promise<void> => {
      for (let sample = 0; sample < SAMPLES; sample++) {
        let begun = 0;
        const work = async (): Promise<void> => {
          while (begun < count / SAMPLES) {
            begun += 1;
            await one(begun);
          }
        };
        await Promise.all(Array.from({ length: WORKERS }, work));
        trend.note();
      }
    };
    const reasonOf = (outcome: Outcome): unknown =>
      outcome.ok ? 'OK' : (outcome.status.reason ?? outcome.status.details);

    it(`a stream of ${times} messages each way keeps none of them`, async () => {
      async function* requests(): AsyncGenerator<string> {
        for (let count = 0; count < times; count++) {
          if (count % (times / SAMPLES) === 0) trend.note();
          yield 'x'.repeat(count % 100);
        }
      }
      let received = 0;
      // A caller that is slow now and then: messages wait on their way, and the window runs out.
      const responses = new RecordingSink(() => {
        responses.messages.length = 0;
        responses.log.length = 0;
        received += 1;
        return received % 50_000 < 100 ? fixture.pause(1) : true;
      });
      const outcome = await connection.call(
        BIDI,
        fixture.call(BIDI, { requests: requests(), responses, deadline: Number.POSITIVE_INFINITY }),
      );
      assert.equal(reasonOf(outcome), 'OK');
      assert.equal(received, times);
      await expectAllAsBefore();
    });

    it('a reader that is always a little behind keeps no messages that it has read', async () => {
      let received = 0;
      const cancellation = new Cancellation();
      const responses = new RecordingSink(() => {
        responses.messages.length = 0;
        responses.log.length = 0;
        received += 1;
        if (received % (times / 4 / SAMPLES) === 0) trend.note();
        if (received >= times / 4) cancellation.cancel(BY_CALLER);
        return received % 100 === 0 ? turn() : Promise.resolve();
      });
      const outcome = await connection.call(
        SERVER_STREAM,
        fixture.call(SERVER_STREAM, { request: 1, responses, cancellation }),
      );
      assert.equal(reasonOf(outcome), 'CANCELLED');
      await expectAllAsBefore();
    });

    it(`${times} calls that are cancelled, early and late, leave the connection and its tables as they were`, async () => {
      const reasons = new Map<unknown, number>();
      await repeat(times, async (index) => {
        const cancellation = new Cancellation();
        const cancel = (): void => cancellation.cancel(BY_CALLER);
        const streams = index % 20 === 0;
        const responses = streams ? new RecordingSink(() => (cancel(), true)) : undefined;
        const running = connection.call(
          streams ? SERVER_STREAM : UNARY,
          fixture.call(streams ? SERVER_STREAM : UNARY, { request: 'hang', cancellation, responses }),
        );
        if (index % 4 === 0) queueMicrotask(cancel);
        else if (index % 4 === 1) setImmediate(cancel);
        else if (!streams) void turn().then(turn).then(cancel);
        const reason = reasonOf(await running);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        assert.equal(cancellation.listenerCount, 0);
      });
      assert.deepEqual([...reasons.keys()], ['CANCELLED']);
      const outcome = await connection.call(UNARY, fixture.call(UNARY, { request: 'still there' }));
      assert.equal(reasonOf(outcome), 'OK');
      await expectAllAsBefore();
    });

    it(`${times / 5} deadlines that expire, and as many that do not, leave no timer`, async () => {
      const reasons = new Map<unknown, number>();
      await repeat((times / 5) * 2, async (index) => {
        const expires = index % 2 === 0;
        const deadline = fixture.in(expires ? index % 7 : 30_000 + (index % 5000));
        const outcome = await connection.call(
          UNARY,
          fixture.call(UNARY, { request: expires ? 'hang' : 'x', deadline }),
        );
        reasons.set(reasonOf(outcome), (reasons.get(reasonOf(outcome)) ?? 0) + 1);
      });
      assert.deepEqual([...reasons].toSorted(), [
        ['DEADLINE_EXCEEDED', times / 5],
        ['OK', times / 5],
      ]);
      await expectAllAsBefore();
    });

    it(`one cancellation that is shared by ${times / 10} calls has no listeners left`, async () => {
      const cancellation = new Cancellation();
      await repeat(times / 10, async (index) => {
        const outcome = await connection.call(UNARY, fixture.call(UNARY, { request: index, cancellation }));
        assert.equal(reasonOf(outcome), 'OK');
      });
      assert.equal(cancellation.listenerCount, 0);
      const hanging = Array.from({ length: 1000 }, () =>
        connection.call(UNARY, fixture.call(UNARY, { request: 'hang', cancellation })),
      );
      await fixture.until(() => insides(connection, listener)['serverCalls'] === 1000);
      assert.equal(cancellation.listenerCount, 1000);
      cancellation.cancel(BY_CALLER);
      for (const outcome of await Promise.all(hanging)) assert.equal(reasonOf(outcome), 'CANCELLED');
      assert.equal(cancellation.listenerCount, 0);
      await expectAllAsBefore();
    });
  });
}
