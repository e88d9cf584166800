import type { Server } from '@grpc/grpc-js';

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
