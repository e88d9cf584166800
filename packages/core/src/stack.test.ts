import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Call, Handler, Outcome } from './call.js';
import { Code } from './code.js';
import { fail, succeed } from './outcome.js';
import { ADMITTED, rejection, type Around, type Guard, type Permit, type Policy } from './policy.js';
import { stack } from './stack.js';
import { aCall, aFailure, mockLeaf } from './testing/index.js';

const leafThatSucceeds: Handler = async () => succeed('value');

const around =
  (name: string, log: string[]): Around =>
  (next) =>
  async (call) => {
    log.push(`>${name}`);
    const outcome = await next(call);
    log.push(`<${name}`);
    return outcome;
  };

const guard = (name: string, log: string[]): Guard => ({
  name,
  admit: () => {
    log.push(`>${name}`);
    return ADMITTED;
  },
  settle: () => void log.push(`<${name}`),
});

describe('stack', () => {
  it('the first policy listed sees the call first and the outcome last, guards and arounds mixed', async () => {
    const log: string[] = [];
    const policies = [
      guard('a', log),
      guard('b', log),
      around('c', log),
      guard('d', log),
      around('e', log),
      guard('f', log),
      guard('g', log),
    ];
    const outcome = await stack(...policies)(leafThatSucceeds)(aCall());
    assert.ok(outcome.ok);
    assert.deepEqual(log.join(' '), '>a >b >c >d >e >f >g <g <f <e <d <c <b <a');
  });

  it('without policies is the leaf itself', () => {
    assert.equal(stack()(leafThatSucceeds), leafThatSucceeds);
  });

  it('makes a failure of a rejection, sent "no", and never calls what is further in', async () => {
    const leaf = mockLeaf();
    const log: string[] = [];
    const full: Guard = {
      name: 'full',
      admit: () => rejection('full', Code.RESOURCE_EXHAUSTED, 'BULKHEAD_FULL', 'no room', 7),
    };
    for (const policies of [[full], [guard('outer', log), full, guard('inner', log)]]) {
      const outcome = await stack(...policies)(leaf.handler)(aCall());
      assert.deepEqual(
        outcome,
        fail({
          code: Code.RESOURCE_EXHAUSTED,
          reason: 'BULKHEAD_FULL',
          details: 'no room',
          origin: 'local',
          source: 'full',
          retryAfterMs: 7,
        }),
      );
    }
    assert.equal(leaf.held.length, 0);
    assert.deepEqual(log, ['>outer', '<outer']);
  });

  it('settles every permit exactly once, whatever admits, rejects, throws or fails', async () => {
    const behaviour = fc.constantFrom('admit', 'admit', 'admit', 'reject', 'throw');
    const layer = fc.oneof(
      fc.record({ kind: fc.constant('guard' as const), behaviour }),
      fc.record({ kind: fc.constant('around' as const), behaviour: fc.constant('admit') }),
    );
    const ending = fc.constantFrom('value', 'failure', 'throws', 'rejects');
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { maxLength: 8, size: 'max' }), ending, async (layers, end) => {
        const given: Permit[] = [];
        const settled: Permit[] = [];
        const seen: Outcome[] = [];
        const policies = layers.map((one, index): Policy => {
          if (one.kind === 'around') return (next) => (call) => next({ ...call });
          return {
            name: `guard-${index}`,
            admit: () => {
              if (one.behaviour === 'throw') throw new Error('guard');
              if (one.behaviour === 'reject') return rejection('guard', Code.UNAVAILABLE, 'CIRCUIT_OPEN', 'open');
              const permit: Permit = { admitted: true };
              given.push(permit);
              return permit;
            },
            settle: (_call: Call, permit: Permit, outcome: Outcome) => {
              settled.push(permit);
              seen.push(outcome);
            },
          };
        });
        let calls = 0;
        const leaf: Handler = (): Promise<Outcome> => {
          calls += 1;
          if (end === 'throws') throw new Error('leaf');
          if (end === 'rejects') return Promise.reject(new Error('leaf'));
          return Promise.resolve(end === 'value' ? succeed(1) : aFailure(Code.NOT_FOUND));
        };
        const handler = stack(...policies)(leaf);
        const result = await (async () => handler(aCall()))().then(
          (outcome) => outcome,
          (error: Error) => error.message,
        );
        const stopper = layers.find((one) => one.behaviour !== 'admit');
        const threw = stopper === undefined ? end === 'throws' || end === 'rejects' : stopper.behaviour === 'throw';
        assert.equal(typeof result === 'string', threw);
        assert.equal(calls, stopper === undefined ? 1 : 0);
        assert.deepEqual(new Set(settled), new Set(given));
        assert.equal(settled.length, given.length);
        for (const outcome of seen) {
          if (threw) assert.ok(!outcome.ok && outcome.status.reason === 'HANDLER_DEFECT');
          else assert.equal(outcome, result);
        }
      }),
    );
  });

  it('composes once: policies are wrapped when the leaf is given, not per call', async () => {
    let composed = 0;
    const counting: Around = (next) => {
      composed += 1;
      return next;
    };
    const handler = stack(counting)(leafThatSucceeds);
    for (let call = 0; call < 3; call++) await handler(aCall());
    assert.equal(composed, 1);
  });
});
