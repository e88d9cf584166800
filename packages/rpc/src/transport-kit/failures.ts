import { Code, type Sent, type Status } from '@breakwater/core';

export const connectionLost = (peer: string, why: string): Status => ({
  code: Code.UNAVAILABLE,
  origin: 'remote',
  reason: 'CONNECTION_LOST',
  details: `the connection to ${peer} was lost: ${why}`,
});

/** The deadline passed on this side. */
export const deadlineExceeded = (peer: string, sent: Sent): Status => ({
  code: Code.DEADLINE_EXCEEDED,
  origin: 'remote',
  reason: 'DEADLINE_EXCEEDED',
  details:
    sent === 'no' ? 'the deadline passed before the call was sent' : `${peer} did not answer within the deadline`,
});

export const encodeFailed = (what: string, cause: unknown): Status => ({
  code: Code.INTERNAL,
  origin: 'local',
  reason: 'ENCODE_FAILED',
  details: `${what} could not be encoded: ${message(cause)}`,
  cause,
});

export const decodeFailed = (what: string, cause: unknown): Status => ({
  code: Code.INTERNAL,
  origin: 'remote',
  reason: 'DECODE_FAILED',
  details: `${what} could not be decoded: ${message(cause)}`,
  cause,
});

/** @param limit name of the option, such as `limits.maxSendMessageBytes` */
export const messageTooLarge = (what: string, bytes: number, limit: string, limitBytes: number): Status => ({
  code: Code.RESOURCE_EXHAUSTED,
  origin: 'local',
  reason: 'MESSAGE_TOO_LARGE',
  details: `${what} of ${bytes} bytes is over ${limit} = ${limitBytes}`,
});

/** What an error says, whatever was thrown. */
export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
