import type { Call, Clock, Handler, MetadataInit, Outcome, Status, Timer } from '@breakwater/core';
import { Code, fail, Metadata, RpcError } from '@breakwater/core';
import { CALL_CREDENTIALS, type CallCredentials } from '../client/options.js';

/**
 * Adds what the channel's and the call's credentials give, once per attempt. Secrets do not travel in the clear: without
 * TLS such a call is refused with UNAUTHENTICATED. A provider that takes its time is waited for until the call's deadline
 * or cancellation.
 */
export function withCredentials(
  next: Handler,
  ofChannel: CallCredentials | undefined,
  secure: boolean,
  clock: Clock,
): Handler {
  return (call) => {
    const ofCall = call.attributes.get(CALL_CREDENTIALS);
    if (ofChannel === undefined && ofCall === undefined) return next(call);
    if (!secure) return Promise.resolve(fail(INSECURE));
    return addCredentials(next, call, [ofChannel, ofCall], clock);
  };
}

async function addCredentials(
  next: Handler,
  call: Call,
  providers: readonly (CallCredentials | undefined)[],
  clock: Clock,
): Promise<Outcome> {
  let metadata = call.metadata;
  for (const provider of providers) {
    if (provider === undefined) continue;
    try {
      const asked = provider({ target: call.target, path: call.operation.path });
      const given = asked instanceof Promise ? await whileWanted(asked, call, clock) : asked;
      if (given === undefined) return fail(call.cancellation.status ?? LATE);
      metadata = metadata.merge(Metadata.of(given));
    } catch (error) {
      return fail(refusedBy(error));
    }
    if (call.cancellation.status !== undefined) return fail(call.cancellation.status);
  }
  return next({ ...call, metadata });
}

/** What the provider gives; undefined when the call ends first. */
function whileWanted(asked: Promise<MetadataInit>, call: Call, clock: Clock): Promise<MetadataInit | undefined> {
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    const over = (): void => {
      timer?.cancel();
      call.cancellation.removeListener(giveUp);
    };
    const giveUp = (): void => {
      over();
      resolve(undefined);
    };
    if (call.deadline !== Number.POSITIVE_INFINITY) timer = clock.setTimer(call.deadline - clock.now(), giveUp);
    call.cancellation.onCancel(giveUp);
    asked.then(resolve, reject).finally(over);
  });
}

const LATE: Status = {
  code: Code.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  details: 'the deadline passed while waiting for the call credentials',
  origin: 'local',
};

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
