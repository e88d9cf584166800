import { Metadata, type Status } from '@breakwater/core';
import { encodeStatus, type Compression } from '@breakwater/rpc';
import { ACCEPTED_ENCODINGS } from '../grpc/compression.js';
import { headerListBytes, writeMetadata } from '../grpc/metadata-fields.js';
import { percentEncode } from '../grpc/percent.js';
import { HeaderField } from '../hpack/header-field.js';
import { HeaderGroup } from '../hpack/header-group.js';
import { beginHeaders, endHeaders } from '../http2/header-frames.js';
import type { ServerSession } from '../http2/server-session.js';

const OK = new HeaderField(':status', '200');
const CONTENT_TYPE = new HeaderField('content-type', 'application/grpc');
const HEAD: Readonly<Record<Compression, HeaderGroup>> = {
  identity: new HeaderGroup([OK, CONTENT_TYPE]),
  gzip: new HeaderGroup([OK, CONTENT_TYPE, new HeaderField('grpc-encoding', 'gzip')]),
  deflate: new HeaderGroup([OK, CONTENT_TYPE, new HeaderField('grpc-encoding', 'deflate')]),
};
const STATUS_OK = new HeaderGroup([new HeaderField('grpc-status', '0')]);
const ACCEPT = new HeaderField('grpc-accept-encoding', ACCEPTED_ENCODINGS);
const GRPC_STATUS: readonly HeaderField[] = Array.from(
  { length: 17 },
  (_, code) => new HeaderField('grpc-status', String(code)),
);

/** The head of a response. `metadata` must have passed `checkMetadata`. */
export function writeResponseHead(
  session: ServerSession,
  streamId: number,
  metadata: Metadata,
  compression: Compression,
): void {
  const { out, encoder } = session;
  session.onFrameSent();
  const at = beginHeaders(out);
  encoder.begin(out);
  encoder.group(HEAD[compression], out);
  writeMetadata(metadata, encoder, out);
  endHeaders(out, at, streamId, false, session.peerMaxFrame);
}

/** The trailers of a call that ended well. `trailers` must have passed `checkMetadata`. */
export function writeOkTrailers(session: ServerSession, streamId: number, trailers: Metadata): void {
  const { out, encoder } = session;
  const at = beginHeaders(out);
  encoder.begin(out);
  encoder.group(STATUS_OK, out);
  writeMetadata(trailers, encoder, out);
  endHeaders(out, at, streamId, true, session.peerMaxFrame);
}

/**
 * The end of a call that failed: trailers, or the whole response in one block when its head has not been sent.
 * @param offersEncodings tells the client what it may compress with
 */
export function writeFailure(
  session: ServerSession,
  streamId: number,
  status: Status,
  trailers: Metadata,
  headSent: boolean,
  offersEncodings = false,
): void {
  const { out, encoder } = session;
  session.onFrameSent();
  const wire = sendable(status, trailers);
  const at = beginHeaders(out);
  encoder.begin(out);
  if (!headSent) encoder.group(HEAD.identity, out);
  encoder.field(GRPC_STATUS[wire.code] ?? new HeaderField('grpc-status', String(wire.code)), out);
  if (wire.message !== '') encoder.literal('grpc-message', percentEncode(wire.message), out);
  if (offersEncodings) encoder.field(ACCEPT, out);
  writeMetadata(wire.trailers, encoder, out);
  endHeaders(out, at, streamId, true, session.peerMaxFrame);
}

/** Trailers that HTTP/2 refuses must not hide the status. */
function sendable(status: Status, trailers: Metadata): ReturnType<typeof encodeStatus> {
  const wire = encodeStatus(status, trailers);
  try {
    headerListBytes(wire.trailers);
    return wire;
  } catch {
    return encodeStatus(status, Metadata.EMPTY);
  }
}

/** @throws TypeError for a key that HTTP/2 does not allow */
export function checkMetadata(metadata: Metadata): void {
  if (metadata !== Metadata.EMPTY) headerListBytes(metadata);
}

/** A request that is not gRPC gets an answer in HTTP, without a body. */
export function writeHttpStatus(session: ServerSession, streamId: number, status: number): void {
  const { out, encoder } = session;
  const at = beginHeaders(out);
  encoder.begin(out);
  encoder.field(new HeaderField(':status', String(status)), out);
  endHeaders(out, at, streamId, true, session.peerMaxFrame);
}
