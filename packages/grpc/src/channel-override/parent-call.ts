import { propagate, type ChannelInterface } from '@grpc/grpc-js';

type CreateCall = Parameters<ChannelInterface['createCall']>;

/** `deadline` of a grpc-js call: an instant, in ms of Unix time when it is a number. */
export type GrpcDeadline = CreateCall[1];
/** The incoming call of grpc-js that an outgoing one is made for. */
export type ParentCall = NonNullable<CreateCall[3]>;

/** The instant in ms of Unix time; `Infinity` for none. What is no instant has passed, as with grpc-js. */
export function instantOf(deadline: GrpcDeadline): number {
  const at = Number(deadline);
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
}

/** What an outgoing call takes over from the incoming one. */
export interface Inherited {
  /** Instant in ms of Unix time; `Infinity` for none. */
  readonly deadlineAt: number;
  /** Whose end cancels the call. */
  readonly parent: ParentCall | undefined;
}

/** @param flags as in grpc-js' call option `propagate_flags`; default: everything */
export function inherit(
  deadline: GrpcDeadline,
  parent: ParentCall | null | undefined,
  flags: number | null | undefined,
): Inherited {
  const deadlineAt = instantOf(deadline);
  if (parent === null || parent === undefined) return { deadlineAt, parent: undefined };
  const wanted = flags ?? propagate.DEFAULTS;
  return {
    deadlineAt:
      (wanted & propagate.DEADLINE) === 0 ? deadlineAt : Math.min(deadlineAt, instantOf(parent.getDeadline())),
    parent: (wanted & propagate.CANCELLATION) === 0 ? undefined : parent,
  };
}
