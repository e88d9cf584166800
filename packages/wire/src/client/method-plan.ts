import type { ClientLimits, Compression, Method } from '@breakwater/rpc';
import { HeaderField } from '../hpack/header-field.js';
import { HeaderGroup } from '../hpack/header-group.js';
import { ACCEPTED_ENCODINGS } from '../grpc/compression.js';
import type { MessageEncoding } from '../grpc/outgoing-message.js';

const POST = new HeaderField(':method', 'POST');
const SCHEME = { http: new HeaderField(':scheme', 'http'), https: new HeaderField(':scheme', 'https') } as const;
const TE = new HeaderField('te', 'trailers');
const CONTENT_TYPE = new HeaderField('content-type', 'application/grpc');
const USER_AGENT = new HeaderField('user-agent', 'grpc-node-breakwater/0.1.0');
const ACCEPT = new HeaderField('grpc-accept-encoding', ACCEPTED_ENCODINGS);
const ENCODING: Readonly<Record<Compression, HeaderField | undefined>> = {
  identity: undefined,
  gzip: new HeaderField('grpc-encoding', 'gzip'),
  deflate: new HeaderField('grpc-encoding', 'deflate'),
};

/** The heads of all requests to one authority, made once per method and encoding and shared by its connections. */
export class RequestHeads {
  private readonly authority: HeaderField;
  private readonly byMethod = new WeakMap<Method, Map<Compression, HeaderGroup>>();

  constructor(
    authority: string,
    private readonly scheme: 'http' | 'https',
  ) {
    this.authority = new HeaderField(':authority', authority);
  }

  of(method: Method, compression: Compression): HeaderGroup {
    let groups = this.byMethod.get(method);
    if (groups === undefined) this.byMethod.set(method, (groups = new Map()));
    let group = groups.get(compression);
    if (group === undefined) groups.set(compression, (group = this.make(method, compression)));
    return group;
  }

  private make(method: Method, compression: Compression): HeaderGroup {
    const path = new HeaderField(':path', method.path);
    const encoding = ENCODING[compression];
    const fields = [POST, SCHEME[this.scheme], path, this.authority, TE, CONTENT_TYPE, USER_AGENT, ACCEPT];
    return new HeaderGroup(encoding === undefined ? fields : [...fields, encoding]);
  }
}

/** What a connection knows of a method: worked out at its first call. */
export interface MethodPlan {
  readonly method: Method;
  readonly requests: MessageEncoding;
  /** One request message that goes with the head. */
  readonly singleRequest: boolean;
  readonly head: (compression: Compression) => HeaderGroup;
  /** The head without compression, the usual one. */
  readonly plainHead: HeaderGroup;
  /** @throws what the codec throws */
  readonly decode: (bytes: Buffer, start: number, end: number) => unknown;
}

export function planMethod(method: Method, limits: ClientLimits, heads: RequestHeads): MethodPlan {
  const { requestCodec, responseCodec } = method;
  return {
    method,
    requests: {
      codec: requestCodec,
      encode: (message) => method.encodeRequest(message),
      what: `the request of ${method.path}`,
      limitName: 'limits.maxSendMessageBytes',
      limitBytes: limits.maxSendMessageBytes,
    },
    singleRequest: method.kind === 'unary' || method.kind === 'server_stream',
    head: (compression) => heads.of(method, compression),
    plainHead: heads.of(method, 'identity'),
    decode:
      responseCodec === undefined
        ? (bytes, start, end) => method.decodeResponse(bytes.subarray(start, end))
        : (bytes, start, end) => responseCodec.decode(bytes, start, end),
  };
}
