import type { Channel, Server } from '@grpc/grpc-js';

/** As grpc-js keeps it. */
interface Handler {
  readonly func: () => void;
  readonly serialize: (value: Buffer) => Buffer;
  readonly deserialize: (bytes: Buffer) => Buffer;
  readonly type: 'bidi';
  readonly path: string;
}

/**
 * Lets the server's interceptors see calls to paths that nobody registered, so that the answer can carry a reason and a
 * hint. grpc-js has no public hook for that; this replaces one private method. Where a later version has it no more,
 * nothing changes and grpc-js answers UNIMPLEMENTED by itself, in its own words.
 * @returns whether it could
 */
export function answerUnknownPaths(server: Server, identity: (bytes: Buffer) => Buffer): boolean {
  const open = server as unknown as { _retrieveHandler?: (path: string) => Handler | null };
  const retrieve = open._retrieveHandler;
  if (typeof retrieve !== 'function') return false;
  open._retrieveHandler = (path) =>
    retrieve.call(server, path) ?? { func: () => {}, serialize: identity, deserialize: identity, type: 'bidi', path };
  return true;
}

type GrpcCall = ReturnType<Channel['createCall']>;

/** The chain of objects below a client call, as far as `openRequestStream` goes. */
interface Http2Call {
  http2Stream?: { readonly writableEnded: boolean; readonly destroyed: boolean; end: () => unknown };
  sendMessageWithContext?: (context: { callback?: () => void }, message: Buffer) => void;
}
interface CallChain {
  readonly child?: { readonly underlyingCalls?: readonly { readonly call?: { readonly child?: Http2Call } }[] };
}

/** The request side of a client call on HTTP/2. */
export interface OpenRequestStream {
  /** To be called before the call is cancelled. */
  abandon(): void;
}

/**
 * Mends two mistakes in the request stream of a client call, once its HTTP/2 stream exists.
 *
 * The server may answer before it has read everything. grpc-js then ends the HTTP/2 stream, goes on writing what its retry
 * buffer holds, takes Node's "write after end" for the outcome and loses response and status, although both have arrived.
 * So messages that come too late are dropped here.
 *
 * Cancelling makes node:http2 half-close the stream before it resets it, so that the server may take half an upload for a
 * whole one. After `abandon()` it only resets.
 *
 * @returns undefined when the objects are not as this version of grpc-js makes them; nothing has changed then
 */
export function openRequestStream(call: GrpcCall): OpenRequestStream | undefined {
  const http2Call = (call as unknown as CallChain).child?.underlyingCalls?.at(-1)?.call?.child;
  const stream = http2Call?.http2Stream;
  const send = http2Call?.sendMessageWithContext;
  if (http2Call === undefined || stream === undefined || typeof send !== 'function') return undefined;
  http2Call.sendMessageWithContext = (context, message) => {
    // Without its callback the writer waits; the status that is on its way ends it.
    if (!stream.writableEnded && !stream.destroyed) send.call(http2Call, context, message);
  };
  return {
    abandon: () => {
      stream.end = () => stream;
    },
  };
}
