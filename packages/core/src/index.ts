// The contract
export { Code, codeFromName, codeName, toCode, type CodeName } from './code.js';
export {
  describeStatus,
  isCallerCode,
  type AnyDetail,
  type FrameworkReason,
  type Origin,
  type Reason,
  type Status,
} from './status.js';
export { Metadata, type MetadataEntry, type MetadataInit, type MetadataValue } from './metadata.js';
export {
  isIdempotent,
  streamsRequest,
  streamsResponse,
  type Idempotency,
  type Operation,
  type RpcKind,
} from './operation.js';
export { Cancellation, ChildCancellation } from './cancellation.js';
export { attributeKey, Attributes, type AttributeKey } from './attributes.js';
export type { AttemptRecord, Call, Failure, Handler, Outcome, ResponseSink, Sent, Success } from './call.js';
export { fail, succeed } from './outcome.js';
export { ADMITTED, rejection, type Around, type Guard, type Permit, type Policy, type Rejection } from './policy.js';
export { stack } from './stack.js';
export { PolicyEvents, type BreakerState, type PolicyEvent, type RetryRefusal } from './events.js';
// Time and chance
export type { Clock, Random, Timer } from './clock.js';
export { systemClock, systemRandom } from './system-clock.js';
export { createRuntime, type Runtime } from './runtime.js';
export { sleep } from './sleep.js';
export { deadlineAfter, MAX_TIMEOUT_MS } from './deadline.js';
// Errors
export { ConfigError } from './config-error.js';
export { RpcError, type RpcErrorContext, type RpcErrorOptions } from './rpc-error.js';
export { nearest, requireKnownKeys, requireNumber, requireOneOf, type NumberRange } from './validate.js';
