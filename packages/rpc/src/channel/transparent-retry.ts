import { type AttributeKey, attributeKey, type Call, type Failure } from '@breakwater/core';

/** How often a call that never left this process is placed anew; its deadline ends it anyway. */
const MAX_UNSENT = 5;
/** How often one that a server refused to start. @see gRFC A6, transparent retries */
const MAX_REFUSED = 1;

const UNSENT: AttributeKey<number> = attributeKey('unsent');
const REFUSED: AttributeKey<number> = attributeKey('refused');

/**
 * The call as it is to be placed once more, after an endpoint did not start it: REFUSED_STREAM, GOAWAY before it, a
 * connection that was lost before the call left. No policy hears of this, and it is no attempt: nothing has happened yet.
 * Undefined for what this process decided itself, for a request stream that has been read from, and when it has been done
 * often enough; then the failure is the outcome, and `retry` may decide.
 * @see gRFC A6, "Transparent retries"
 */
export function transparentRetry(failure: Failure, call: Call): Call | undefined {
  if (failure.status.origin !== 'remote' || failure.sent === 'unknown' || call.requests !== undefined) return undefined;
  if (call.cancellation.cancelled) return undefined;
  const [key, limit] = failure.sent === 'refused' ? [REFUSED, MAX_REFUSED] : [UNSENT, MAX_UNSENT];
  const before = call.attributes.get(key) ?? 0;
  if (before >= limit) return undefined;
  const tried = failure.peer === undefined ? call.tried : [...call.tried, failure.peer];
  return { ...call, tried, attributes: call.attributes.with(key, before + 1) };
}
