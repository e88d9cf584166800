import { type AnyDetail, type Status, toCode } from '@breakwater/core';
import type { Error as SuiteError } from '../gen/connectrpc/conformance/v1/service.pb.js';

/** The status that a handler answers with. @param more details after the error's own */
export const toStatus = (error: SuiteError, more: readonly AnyDetail[] = []): Status => ({
  code: toCode(error.code),
  details: error.message ?? '',
  origin: 'handler',
  richDetails: [...error.details, ...more],
});

/** A received status as the suite describes errors. Its codes are those of gRPC. */
export const toError = (status: Status): SuiteError => ({
  code: status.code,
  message: status.details,
  details: (status.richDetails ?? []).map(({ typeUrl, value }) => ({ typeUrl, value: Buffer.from(value) })),
});
