import type { RpcKind } from '@breakwater/core';
import type { Method } from '../method/method.js';

/** What a codec of the suite refuses, on either side. */
export const POISON = 'poison';

function json(name: string, kind: RpcKind): Method {
  return {
    ...operation(name, kind),
    encodeRequest: encode,
    decodeRequest: decode,
    encodeResponse: encode,
    decodeResponse: decode,
  };
}

const operation = (name: string, kind: RpcKind) => ({
  key: name.toLowerCase(),
  path: `/conformance.v1.Conformance/${name}`,
  service: 'conformance.v1.Conformance',
  method: name,
  kind,
  idempotency: 'unknown' as const,
});

function encode(message: unknown): Uint8Array {
  if (message === POISON) throw new Error('this message cannot be encoded');
  return new TextEncoder().encode(JSON.stringify(message));
}

function decode(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
}

const asBytes = (message: unknown): Uint8Array => message as Uint8Array;

/** One JSON method of each kind. */
export const UNARY = json('Unary', 'unary');
export const SERVER_STREAM = json('ServerStream', 'server_stream');
export const CLIENT_STREAM = json('ClientStream', 'client_stream');
export const BIDI = json('Bidi', 'bidi');

/** Bytes both ways: for empty and large messages. */
export const BYTES: Method = {
  ...operation('Bytes', 'unary'),
  encodeRequest: asBytes,
  decodeRequest: (bytes) => bytes,
  encodeResponse: asBytes,
  decodeResponse: (bytes) => bytes,
};

/** Whose bytes are no JSON: what the far side sends cannot be decoded. */
export const GARBLED: Method = {
  ...operation('Garbled', 'unary'),
  encodeRequest: (message) => (message === POISON ? new TextEncoder().encode('{') : encode(message)),
  decodeRequest: decode,
  encodeResponse: () => new TextEncoder().encode('{'),
  decodeResponse: decode,
};

export const ALL: readonly Method[] = [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI, BYTES, GARBLED];
