import assert from 'node:assert/strict';
import { type Call, Code, createRuntime, fail, type Outcome, type Sent, succeed } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { roundRobin, staticRegistry } from '@breakwater/discovery';
import { UNARY, CLIENT_STREAM } from '../conformance/methods.js';
import { Fixture } from '../conformance/fixture.js';
import { clientLimits } from '../transport/limits.js';
import type { Connection, Transport } from '../transport/transport.js';
import { Channel } from './channel.js';

const notStarted = (sent: Sent): Outcome =>
  fail({ code: Code.UNAVAILABLE, details: 'not started', origin: 'remote' }, sent);

/** Endpoints that are always READY and answer as told; `log` has the port of each call. */
class Scripted implements Transport {
  readonly name = 'scripted';
  readonly log: number[] = [];

  constructor(private readonly answer: (port: number, call: Call) => Outcome) {}

  connect({ port }: { port: number }): Connection {
    return {
      state: 'ready',
      error: undefined,
      onStateChange: () => () => {},
      connect: () => {},
      call: async (_method, call) => {
        this.log.push(port);
        return this.answer(port, call);
      },
      drain: async () => {},
      close: () => {},
    };
  }

  listen(): never {
    throw new Error('it has no server');
  }
}

describe('a call that an endpoint did not start', () => {
  const run = async (transport: Scripted, over: Partial<Call> = {}, method = UNARY): Promise<Outcome> => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const channel = new Channel({
      target: 'static:///127.0.0.1:1,127.0.0.1:2,127.0.0.1:3',
      registry: staticRegistry(),
      transport,
      picker: roundRobin,
      limits: clientLimits(),
      backoff: { initialMs: 10, maxMs: 10 },
      runtime,
      drainGraceMs: 0,
    });
    const outcome = await channel.handler(method)(new Fixture(transport).call(method, { request: 1, ...over }));
    await channel.close();
    return outcome;
  };

  it('is placed at another one, once when it was refused, and nobody above hears of it', async () => {
    const transport = new Scripted(() => (transport.log.length === 1 ? notStarted('refused') : succeed('done')));
    const outcome = await run(transport);
    assert.ok(outcome.ok && outcome.value === 'done');
    assert.equal(new Set(transport.log).size, 2);
  });

  it('is the failure it is when the second one refuses it too', async () => {
    const transport = new Scripted(() => notStarted('refused'));
    const outcome = await run(transport);
    assert.ok(!outcome.ok && outcome.sent === 'refused');
    assert.equal(transport.log.length, 2);
  });

  it('is placed a few times when it never left this process', async () => {
    const transport = new Scripted(() => (transport.log.length < 5 ? notStarted('no') : succeed('done')));
    assert.ok((await run(transport)).ok);
    const never = new Scripted(() => notStarted('no'));
    const outcome = await run(never);
    assert.ok(!outcome.ok && outcome.sent === 'no');
    assert.equal(never.log.length, 6);
  });

  it('is not repeated when the server may have seen it, when this process decided, or when its stream has been read', async () => {
    const local: Outcome = fail({ code: Code.RESOURCE_EXHAUSTED, details: 'too large', origin: 'local' });
    async function* requests(): AsyncGenerator<number> {
      yield 1;
    }
    for (const [outcome, over, method] of [
      [notStarted('unknown'), {}, UNARY],
      [local, {}, UNARY],
      [notStarted('refused'), { request: undefined, requests: requests() }, CLIENT_STREAM],
    ] as const) {
      const transport = new Scripted(() => outcome);
      assert.ok(!(await run(transport, over, method)).ok);
      assert.equal(transport.log.length, 1);
    }
  });
});
