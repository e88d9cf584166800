/** The four kinds of RPC. */
export type RpcKind = 'unary' | 'client_stream' | 'server_stream' | 'bidi';

/** `idempotency_level` of the proto's method options. */
export type Idempotency = 'unknown' | 'no_side_effects' | 'idempotent';

/** What is being called. One object per method, shared by all its calls. */
export interface Operation {
  /** `/package.Service/Method`, as on the wire. */
  readonly path: string;
  /** `package.Service` */
  readonly service: string;
  /** `Method`, as in the proto. */
  readonly method: string;
  readonly kind: RpcKind;
  readonly idempotency: Idempotency;
}

/** Whether repeating the call is harmless, by the word of its proto. */
export const isIdempotent = (operation: Operation): boolean => operation.idempotency !== 'unknown';

/** Whether the response is a stream: then there is no default total deadline. */
export const streamsResponse = (operation: Operation): boolean =>
  operation.kind === 'server_stream' || operation.kind === 'bidi';

/** Whether the request is a stream. */
export const streamsRequest = (operation: Operation): boolean =>
  operation.kind === 'client_stream' || operation.kind === 'bidi';
