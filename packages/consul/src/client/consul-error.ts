/**
 * What went wrong between us and an agent.
 * `unreachable`: no connection; `timeout`: no answer in time; `cancelled`: by us; `denied`: token missing or too weak;
 * `status`: an HTTP error; `malformed`: an answer that no Consul gives.
 */
export type ConsulErrorKind = 'unreachable' | 'timeout' | 'cancelled' | 'denied' | 'status' | 'malformed';

/** A request to Consul that failed. The message is a sentence for operators. */
export class ConsulError extends Error {
  override readonly name = 'ConsulError';

  constructor(
    readonly kind: ConsulErrorKind,
    message: string,
    /** HTTP status of the answer, when there was one. */
    readonly httpStatus?: number,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
