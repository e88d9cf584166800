import type { RpcKind } from '@breakwater/core';
import type { Method } from '@breakwater/rpc';

const encode = (message: unknown): Uint8Array =>
  typeof message === 'string' ? Buffer.from(message) : (message as Uint8Array);
const decode = (bytes: Uint8Array): unknown => bytes;

/** Messages are bytes; a string is sent as UTF-8. */
const method = (name: string, kind: RpcKind): Method => ({
  key: name.toLowerCase(),
  path: `/test.v1.Raw/${name}`,
  service: 'test.v1.Raw',
  method: name,
  kind,
  idempotency: 'unknown',
  encodeRequest: encode,
  decodeRequest: decode,
  encodeResponse: encode,
  decodeResponse: decode,
});

/** Answers what it is sent. */
export const ECHO = method('Echo', 'unary');
/** Answers when its call is cancelled. */
export const HANG = method('Hang', 'unary');
/** The request says how many messages of 16 KiB to send, in decimal. */
export const MANY = method('Many', 'server_stream');
/** Answers how many messages and bytes came: `3 messages, 12 bytes`. */
export const COUNT = method('Count', 'client_stream');
/** Answers each request with itself. */
export const TALK = method('Talk', 'bidi');
