import type { Field } from './literals.js';

/** A gRPC message as it goes into DATA. @param length what its prefix says; default: the truth */
export function message(content: Uint8Array | string, flag = 0, length?: number): Buffer {
  const body = Buffer.from(content as Uint8Array);
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length ?? body.length, 1);
  return Buffer.concat([head, body]);
}

/** The headers of a gRPC request that is as it should be. `extra` follows; `without` leaves fields out. */
export function requestFields(path: string, extra: readonly Field[] = [], without: readonly string[] = []): Field[] {
  const fields: Field[] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'test'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ];
  return [...fields.filter(([name]) => !without.includes(name)), ...extra];
}

/** The headers of a gRPC response. */
export const responseFields = (extra: readonly Field[] = []): Field[] => [
  [':status', '200'],
  ['content-type', 'application/grpc'],
  ...extra,
];

export const OK_TRAILERS: readonly Field[] = [['grpc-status', '0']];
