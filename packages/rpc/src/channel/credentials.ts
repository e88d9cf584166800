import type { Call, Handler, MetadataInit, Outcome, Status } from '@breakwater/core';
import { Code, fail, Metadata, RpcError } from '@breakwater/core';
import { CALL_CREDENTIALS, type CallCredentials } from '../client/options.js';

/**
 * Adds what the channel's and the call's credentials give, once per attempt. Secrets do not travel in the clear: without
 * TLS such a call is refused with UNAUTHENTICATED.
 */
export function withCredentials(next: Handler, ofChannel: CallCredentials | undefined, secure: boolean): Handler {
  return (call) => {
    const ofCall = call.attributes.get(CALL_CREDENTIALS);
    if (ofChannel === undefined && ofCall === undefined) return next(call);
    if (!secure) return Promise.resolve(fail(INSECURE));
    return addCredentials(next, call, [ofChannel, ofCall]);
  };
}

async function addCredentials(
  next: Handler,
  call: Call,
  providers: readonly (CallCredentials | undefined)[],
): Promise<Outcome> {
  let metadata = call.metadata;
  for (const provider of providers) {
    if (provider === undefined) continue;
    try {
      const given: MetadataInit = await provider({ target: call.target, path: call.operation.path });
      metadata = metadata.merge(Metadata.of(given));
    } catch (error) {
      return fail(refusedBy(error));
    }
    if (call.cancellation.status !== undefined) return fail(call.cancellation.status);
  }
  return next({ ...call, metadata });
}

const INSECURE: Status = {
  code: Code.UNAUTHENTICATED,
  details: 'call credentials need a secure channel; configure tls on this client',
  origin: 'local',
};

/** An RpcError of the provider keeps its code; anything else is UNAVAILABLE, as gRPC asks of credential plugins. */
function refusedBy(error: unknown): Status {
  if (error instanceof RpcError) return { ...error.toStatus(), origin: 'local' };
  const text = error instanceof Error ? error.message : String(error);
  return {
    code: Code.UNAVAILABLE,
    details: `the call credentials could not be obtained: ${text}`,
    origin: 'local',
    cause: error,
  };
}
