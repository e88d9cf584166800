import type { RpcKind } from '@breakwater/core';
import type { Method } from '@breakwater/rpc';

const asBytes = (message: unknown): Uint8Array =>
  typeof message === 'string' ? Buffer.from(message) : (message as Uint8Array);

/** A method of `peer.py`, or of the service that `peer.py` calls. Messages are bytes; a string is sent as UTF-8. */
export const method = (name: string, kind: RpcKind = 'unary'): Method => ({
  key: name,
  path: `/interop.v1.Peer/${name}`,
  service: 'interop.v1.Peer',
  method: name,
  kind,
  idempotency: 'unknown',
  encodeRequest: asBytes,
  // Copies: a transport may use its memory again.
  decodeRequest: (bytes) => Uint8Array.from(bytes),
  encodeResponse: asBytes,
  decodeResponse: (bytes) => Uint8Array.from(bytes),
});

export const text = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString();
