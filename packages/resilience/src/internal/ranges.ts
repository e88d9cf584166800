import { MAX_TIMEOUT_MS, type NumberRange } from '@breakwater/core';

/** Lengths of time that a setting may have: above zero, at most 24 h. */
export const DURATION_MS: NumberRange = { min: 1, max: MAX_TIMEOUT_MS };

/** Counts of calls, entries and places. */
export const COUNT: NumberRange = { min: 1, max: 1_000_000, integer: true };

/** Counts that may be none. */
export const COUNT_OR_NONE: NumberRange = { min: 0, max: 1_000_000, integer: true };
