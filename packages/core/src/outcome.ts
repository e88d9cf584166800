import type { Failure, Sent, Success } from './call.js';
import { Metadata } from './metadata.js';
import type { Status } from './status.js';

/** A success that carries `value`. */
export const succeed = (value: unknown, headers = Metadata.EMPTY, trailers = Metadata.EMPTY): Success => ({
  ok: true,
  value,
  headers,
  trailers,
});

/** A failure; `sent` is `no` unless said otherwise, which is right for everything decided in front of the leaf. */
export const fail = (status: Status, sent: Sent = 'no', trailers = Metadata.EMPTY): Failure => ({
  ok: false,
  status,
  trailers,
  sent,
});
