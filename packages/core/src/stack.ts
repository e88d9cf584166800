import type { Call, Outcome } from './call.js';
import { Code } from './code.js';
import { fail } from './outcome.js';
import type { Around, Guard, Permit, Policy } from './policy.js';

/**
 * Composes left to right: the first policy is outermost, on client and server alike. It sees the call first and the
 * outcome last. Adjacent guards become one layer, so that a run of guards costs one await. Compose once per method.
 */
export const stack = (...policies: readonly Policy[]): Around => {
  const layers: Around[] = [];
  let guards: Guard[] = [];
  const flush = (): void => {
    if (guards.length > 0) layers.push(fuse(guards));
    guards = [];
  };
  for (const policy of policies) {
    if (typeof policy === 'function') {
      flush();
      layers.push(policy);
    } else guards.push(policy);
  }
  flush();
  return (leaf) => layers.reduceRight((next, layer) => layer(next), leaf);
};

function fuse(guards: readonly Guard[]): Around {
  const only = guards[0];
  return guards.length === 1 && only !== undefined ? fuseOne(only) : fuseMany(guards);
}

function fuseOne(guard: Guard): Around {
  if (guard.settle === undefined) {
    return (next) => (call) => {
      const admission = guard.admit(call);
      return admission.admitted ? next(call) : Promise.resolve(fail(admission.status));
    };
  }
  return (next) => async (call) => {
    const admission = guard.admit(call);
    if (!admission.admitted) return fail(admission.status);
    let outcome: Outcome = UNSETTLED;
    try {
      outcome = await next(call);
    } finally {
      guard.settle?.(call, admission, outcome);
    }
    return outcome;
  };
}

function fuseMany(guards: readonly Guard[]): Around {
  return (next) => async (call) => {
    const permits: Permit[] = [];
    let outcome: Outcome = UNSETTLED;
    // Admission is inside too: a guard that throws must not cost the others their permits.
    try {
      for (const guard of guards) {
        const admission = guard.admit(call);
        if (!admission.admitted) {
          outcome = fail(admission.status);
          return outcome;
        }
        permits.push(admission);
      }
      outcome = await next(call);
      return outcome;
    } finally {
      settle(guards, permits, call, outcome);
    }
  };
}

/** Innermost first: the mirror of admission. */
function settle(guards: readonly Guard[], permits: readonly Permit[], call: Call, outcome: Outcome): void {
  for (let index = permits.length - 1; index >= 0; index--) {
    const permit = permits[index];
    if (permit !== undefined) guards[index]?.settle?.(call, permit, outcome);
  }
}

/** What permits are settled with when the layers below threw: a defect, which the edge turns into INTERNAL. */
const UNSETTLED: Outcome = fail(
  { code: Code.INTERNAL, reason: 'HANDLER_DEFECT', details: 'the layers below threw', origin: 'local' },
  'unknown',
);
