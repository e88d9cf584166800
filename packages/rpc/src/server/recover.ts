import type { Around, Runtime } from '@breakwater/core';
import { defectFailure, hiddenError } from './failure.js';

/**
 * Outermost but telemetry: turns whatever is thrown below into INTERNAL, reason `HANDLER_DEFECT`, and emits a `defect`
 * event with the error. The caller learns nothing of it. An error of a dependency that the handler let through has become
 * INTERNAL already; it gets its event here too.
 */
export const recover =
  (runtime: Runtime): Around =>
  (next) =>
  async (call) => {
    const report = (error: unknown): void => {
      if (runtime.events.listening) runtime.events.emit({ type: 'defect', policy: 'recover', call, error });
    };
    try {
      const outcome = await next(call);
      const hidden = outcome.ok ? undefined : hiddenError(outcome);
      if (hidden !== undefined) report(hidden);
      return outcome;
    } catch (error) {
      report(error);
      return defectFailure(error);
    }
  };
