import assert from 'node:assert/strict';
import {
  Attributes,
  Cancellation,
  Code,
  ConfigError,
  MAX_TIMEOUT_MS,
  createRuntime,
  succeed,
  type Call,
  type PolicyEvent,
  type RpcKind,
} from '@breakwater/core';
import { FakeClock, aCall, anOperation, mockLeaf } from '@breakwater/core/testing';
import fc from 'fast-check';
import { CALL_TIMEOUT_MS, requireTimeoutMs, type DeadlineOptions } from './options.js';
import { deadline } from './policy.js';

const KINDS: readonly RpcKind[] = ['unary', 'client_stream', 'server_stream', 'bidi'];
const ofKind = (kind: RpcKind) => anOperation({ kind });

function deadlineSeen(options: DeadlineOptions, call: Call): number | 'not called' {
  const leaf = mockLeaf(() => succeed(1));
  void deadline(options, createRuntime({ clock: new FakeClock() }))(leaf.handler)(call);
  return leaf.held.length === 0 ? 'not called' : leaf.last().call.deadline;
}

describe('deadline', () => {
  it('gives unary and client-streaming calls 5 s, and response streams none of their own', () => {
    const seen = KINDS.map((kind) => deadlineSeen({}, aCall({ operation: ofKind(kind), now: 100 })));
    assert.deepEqual(seen, [5100, 5100, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('is the earlier of its own and the inherited one, within 24 hours, for every kind and setting', () => {
    const timeout = fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 2 * MAX_TIMEOUT_MS }));
    const options = fc.record({ timeoutMs: timeout, streamTimeoutMs: timeout });
    const own = fc.oneof(fc.constant(undefined), timeout);
    const inherited = fc.oneof(
      fc.constant(Number.POSITIVE_INFINITY),
      fc.integer({ min: -10, max: 3 * MAX_TIMEOUT_MS }),
    );
    fc.assert(
      fc.property(
        options,
        own,
        inherited,
        fc.constantFrom(...KINDS),
        fc.integer({ min: 0, max: 1e9 }),
        (settings, perCall, leftMs, kind, now) => {
          const attributes = perCall === undefined ? Attributes.EMPTY : Attributes.EMPTY.with(CALL_TIMEOUT_MS, perCall);
          const seen = deadlineSeen(
            settings,
            aCall({ operation: ofKind(kind), now, deadline: now + leftMs, attributes }),
          );
          const configured =
            kind === 'unary' || kind === 'client_stream' ? settings.timeoutMs : settings.streamTimeoutMs;
          const applied = perCall === undefined ? configured : perCall;
          const bounds = [leftMs, ...(applied === null ? [] : [applied])].filter(
            (ms) => ms !== Number.POSITIVE_INFINITY,
          );
          const wanted = bounds.length === 0 ? Number.POSITIVE_INFINITY : now + Math.min(...bounds, MAX_TIMEOUT_MS);
          assert.equal(seen, leftMs <= 0 ? 'not called' : wanted);
        },
      ),
    );
  });

  it('hands the call on as it is when nothing is to be changed', () => {
    const leaf = mockLeaf(() => succeed(1));
    const call = aCall({ deadline: 10 });
    void deadline({}, createRuntime())(leaf.handler)(call);
    assert.equal(leaf.last().call, call);
  });

  it('answers an expired call itself, at the very instant too, as local and not sent', async () => {
    const runtime = createRuntime({ clock: new FakeClock() });
    const events: PolicyEvent[] = [];
    runtime.events.subscribe((event) => events.push(event));
    const leaf = mockLeaf();
    const outcome = await deadline({}, runtime)(leaf.handler)(aCall({ now: 10, deadline: 10 }));
    assert.ok(!outcome.ok);
    const { code, origin, source, reason } = outcome.status;
    assert.deepEqual(
      { code, origin, source, reason, sent: outcome.sent },
      { code: Code.DEADLINE_EXCEEDED, origin: 'local', source: 'deadline', reason: 'DEADLINE_EXCEEDED', sent: 'no' },
    );
    assert.equal(leaf.held.length, 0);
    assert.deepEqual(
      events.map(({ type, policy }) => `${type} ${policy}`),
      ['rejected deadline'],
    );
  });

  it('answers a call that was cancelled before it began with the status of the cancellation', async () => {
    const cancellation = new Cancellation();
    cancellation.cancel({ code: Code.CANCELLED, reason: 'CANCELLED', details: 'gone', origin: 'local' });
    const leaf = mockLeaf();
    const outcome = await deadline({}, createRuntime({ clock: new FakeClock() }))(leaf.handler)(
      aCall({ cancellation }),
    );
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.status.code, outcome.status.origin, outcome.sent], [Code.CANCELLED, 'local', 'no']);
    assert.equal(leaf.held.length, 0);
  });

  it('refuses timeouts that are none, by name', () => {
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5s']) {
      assert.throws(
        () => deadline({ timeoutMs: timeoutMs as number }, createRuntime()),
        (error) => error instanceof ConfigError && error.field === 'deadline.timeoutMs',
      );
      assert.throws(() => requireTimeoutMs('timeoutMs', timeoutMs), ConfigError);
    }
    assert.throws(() => deadline({ timeout: 5 } as DeadlineOptions, createRuntime()), /did you mean "timeoutMs"/);
    assert.equal(requireTimeoutMs('timeoutMs', null), null);
  });
});
