/**
 * Small integers for the header names that a gRPC session looks at, so that it switches on numbers instead of comparing
 * strings. 0 is every other name.
 */
export const NAME = {
  none: 0,
  path: 1,
  method: 2,
  scheme: 3,
  authority: 4,
  status: 5,
  contentType: 6,
  te: 7,
  userAgent: 8,
  grpcTimeout: 9,
  grpcEncoding: 10,
  grpcAcceptEncoding: 11,
  grpcStatus: 12,
  grpcMessage: 13,
  grpcStatusDetails: 14,
  grpcRetryPushback: 15,
  grpcPreviousAttempts: 16,
  contentLength: 17,
  contentEncoding: 18,
  acceptEncoding: 19,
  date: 20,
  server: 21,
  host: 22,
  cookie: 23,
  setCookie: 24,
  authorization: 25,
  proxyAuthorization: 26,
  /** Belongs to one HTTP/1.1 connection and makes a message malformed in HTTP/2 (RFC 9113 8.2.2). */
  forbidden: 27,
  /** Starts with a colon, but is none of the five above. */
  otherPseudo: 28,
} as const;

const IDS: ReadonlyMap<string, number> = new Map<string, number>([
  [':path', NAME.path],
  [':method', NAME.method],
  [':scheme', NAME.scheme],
  [':authority', NAME.authority],
  [':status', NAME.status],
  ['content-type', NAME.contentType],
  ['te', NAME.te],
  ['user-agent', NAME.userAgent],
  ['grpc-timeout', NAME.grpcTimeout],
  ['grpc-encoding', NAME.grpcEncoding],
  ['grpc-accept-encoding', NAME.grpcAcceptEncoding],
  ['grpc-status', NAME.grpcStatus],
  ['grpc-message', NAME.grpcMessage],
  ['grpc-status-details-bin', NAME.grpcStatusDetails],
  ['grpc-retry-pushback-ms', NAME.grpcRetryPushback],
  ['grpc-previous-rpc-attempts', NAME.grpcPreviousAttempts],
  ['content-length', NAME.contentLength],
  ['content-encoding', NAME.contentEncoding],
  ['accept-encoding', NAME.acceptEncoding],
  ['date', NAME.date],
  ['server', NAME.server],
  ['host', NAME.host],
  ['cookie', NAME.cookie],
  ['set-cookie', NAME.setCookie],
  ['authorization', NAME.authorization],
  ['proxy-authorization', NAME.proxyAuthorization],
  ['connection', NAME.forbidden],
  ['keep-alive', NAME.forbidden],
  ['proxy-connection', NAME.forbidden],
  ['transfer-encoding', NAME.forbidden],
  ['upgrade', NAME.forbidden],
]);

const COLON = 58;

/** The number of a lower-case name in `NAME`; 0 when it has none. */
export function nameIdOf(name: string): number {
  return IDS.get(name) ?? (name.charCodeAt(0) === COLON ? NAME.otherPseudo : NAME.none);
}
