import { Attributes } from '../attributes.js';
import type { Call } from '../call.js';
import { Cancellation } from '../cancellation.js';
import { Metadata } from '../metadata.js';
import type { Operation } from '../operation.js';

/** A unary, idempotent operation unless overridden. */
export const anOperation = (overrides: Partial<Operation> = {}): Operation => ({
  path: '/test.v1.Test/Do',
  service: 'test.v1.Test',
  method: 'Do',
  kind: 'unary',
  idempotency: 'idempotent',
  ...overrides,
});

/** A first attempt at instant 0 without a deadline, unless overridden. */
export const aCall = (overrides: Partial<Call> = {}): Call => ({
  operation: anOperation(),
  target: 'static:///test',
  deadline: Number.POSITIVE_INFINITY,
  now: 0,
  metadata: Metadata.EMPTY,
  request: undefined,
  requests: undefined,
  responses: undefined,
  cancellation: new Cancellation(),
  attempt: 1,
  attributes: Attributes.EMPTY,
  tried: [],
  ...overrides,
});
