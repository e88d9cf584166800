import type { Method, ServedMethod, ServerLimits } from '@breakwater/rpc';
import type { MessageEncoding } from '../grpc/outgoing-message.js';

/** What a listener knows of a method it serves: worked out once. */
export interface ServerPlan {
  readonly served: ServedMethod;
  readonly responses: MessageEncoding;
  /** The request is a stream. */
  readonly streamsIn: boolean;
  /** The response is a stream. */
  readonly streamsOut: boolean;
  /** @throws what the codec throws */
  readonly decode: (bytes: Buffer, start: number, end: number) => unknown;
}

export function planServed(served: ServedMethod, limits: ServerLimits): ServerPlan {
  const { method } = served;
  const { requestCodec, responseCodec } = method;
  return {
    served,
    responses: {
      codec: responseCodec,
      encode: (message) => method.encodeResponse(message),
      what: `the response of ${method.path}`,
      limitName: "the server's limits.maxSendMessageBytes",
      limitBytes: limits.maxSendMessageBytes,
    },
    streamsIn: method.kind === 'client_stream' || method.kind === 'bidi',
    streamsOut: method.kind === 'server_stream' || method.kind === 'bidi',
    decode:
      requestCodec === undefined
        ? (bytes, start, end) => method.decodeRequest(bytes.subarray(start, end))
        : (bytes, start, end) => requestCodec.decode(bytes, start, end),
  };
}

/** A path that nobody serves: its caller may send what it likes, and is answered without any of it. */
export const unknownMethod = (path: string): Method => ({
  key: path,
  path,
  service: path.slice(1, Math.max(1, path.lastIndexOf('/'))),
  method: path.slice(path.lastIndexOf('/') + 1),
  kind: 'bidi',
  idempotency: 'unknown',
  encodeRequest: () => EMPTY,
  decodeRequest: () => undefined,
  encodeResponse: () => EMPTY,
  decodeResponse: () => undefined,
});

const EMPTY = new Uint8Array();
