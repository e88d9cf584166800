import type { Origin, Status } from '@breakwater/core';
import { Code } from '@breakwater/core';

/** What the caller and its connection are told when the connection was closed here. */
export const CLIENT_CLOSED: Status = {
  code: Code.UNAVAILABLE,
  reason: 'CLIENT_CLOSED',
  details: 'this client has been closed',
  origin: 'local',
};

/** What a handler is told when its caller has lost interest. */
export const CALLER_GONE: Status = {
  code: Code.CANCELLED,
  reason: 'CANCELLED',
  details: 'the caller cancelled the call',
  origin: 'local',
};

/** What a handler is told when its server closes. */
export const SERVER_CLOSED: Status = {
  code: Code.UNAVAILABLE,
  reason: 'DRAINING',
  details: 'the server is shutting down',
  origin: 'local',
};

/** What a handler is told at the deadline. */
export const EXPIRED: Status = {
  code: Code.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  details: 'the deadline passed',
  origin: 'local',
};

/** What the caller is told at the deadline. */
export const deadlineExceeded = (peer: string, started: boolean): Status => ({
  ...EXPIRED,
  origin: 'remote',
  details: started ? `${peer} did not answer within the deadline` : 'the deadline passed before the call was sent',
});

export const connectFailed = (peer: string): Status =>
  unavailable('CONNECT_FAILED', `nobody listens on ${peer} (in-process)`);

export const notConnected = (peer: string, state: string): Status =>
  unavailable('CONNECT_FAILED', `not connected to ${peer} (${state})`);

export const connectionLost = (peer: string): Status =>
  unavailable('CONNECTION_LOST', `the connection to ${peer} was lost: the server closed it`);

/** @param who what takes no new calls: the connection or the server */
export const draining = (who: string): Status => unavailable('DRAINING', `${who} takes no new calls: it is draining`);

/** The caller's own request stream threw. */
export const sourceFailed = (error: unknown): Status => ({
  code: Code.CANCELLED,
  reason: 'CANCELLED',
  details: `the request stream failed: ${textOf(error)}`,
  origin: 'local',
  cause: error,
});

/** The caller expects one response message, and `received` came. */
export const notOne = (received: number): Status => ({
  code: Code.UNIMPLEMENTED,
  details:
    received === 0
      ? 'the server answered OK without a response message'
      : `the server sent ${received} response messages where one is allowed`,
  origin: 'remote',
});

/** A codec threw. @param origin of the status, as its caller sees it */
export const codecFailed = (
  reason: 'ENCODE_FAILED' | 'DECODE_FAILED',
  what: string,
  origin: Origin,
  error: unknown,
): Status => ({
  code: Code.INTERNAL,
  reason,
  details: `${what} cannot be ${reason === 'ENCODE_FAILED' ? 'encoded' : 'decoded'}: ${textOf(error)}`,
  origin,
  cause: error,
});

/** A limit that was passed. */
export interface PassedLimit {
  /** Name of the option, such as `maxSendMessageBytes`. */
  readonly option: string;
  readonly bytes: number;
  /** Whose limit it is. */
  readonly of: 'this client' | 'the server';
}

/** @param what has `bytes` bytes */
export const tooLarge = (what: string, bytes: number, limit: PassedLimit, origin: Origin): Status => ({
  code: Code.RESOURCE_EXHAUSTED,
  reason: 'MESSAGE_TOO_LARGE',
  details: `${what} has ${bytes} bytes, above ${limit.option} (${limit.bytes}) of ${limit.of}`,
  origin,
});

const unavailable = (reason: string, details: string): Status => ({
  code: Code.UNAVAILABLE,
  reason,
  details,
  origin: 'remote',
});

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
