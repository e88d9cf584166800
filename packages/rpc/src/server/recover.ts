import type { Around, Runtime } from '@breakwater/core';
import { defectFailure } from './failure.js';

/**
 * Outermost but telemetry: turns whatever is thrown below into INTERNAL, reason `HANDLER_DEFECT`, and emits a `defect`
 * event with the error. The caller learns nothing of it.
 */
export const recover =
  (runtime: Runtime): Around =>
  (next) =>
  async (call) => {
    try {
      return await next(call);
    } catch (error) {
      if (runtime.events.listening) runtime.events.emit({ type: 'defect', policy: 'recover', call, error });
      return defectFailure(error);
    }
  };
