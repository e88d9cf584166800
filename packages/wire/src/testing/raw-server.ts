import { createServer, type AddressInfo } from 'node:net';
import { ConnectionOver, RawPeer, type RawPeerOptions } from './raw-peer.js';

/** What a server does with one connection. @param index of the connection, from 0 */
export type Script = (peer: RawPeer, index: number) => unknown;

/** A server that does what its script says, well or badly. */
export interface RawServer {
  readonly port: number;
  /** In order of arrival. */
  readonly peers: readonly RawPeer[];
  /** Drops the peers that are gone: for tests with thousands of them. */
  forget(): void;
  /** @throws what a script threw, but for expectations that the end of their connection left open */
  close(): Promise<void>;
}

/** Listens on any free port of 127.0.0.1 and runs the script for each connection. */
export async function listenRaw(script: Script, options: RawPeerOptions = {}): Promise<RawServer> {
  const peers: RawPeer[] = [];
  const failures: unknown[] = [];
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new RawPeer(socket, 'server', options);
    peers.push(peer);
    const index = count++;
    void (async () => script(peer, index))().catch((error: unknown) => {
      if (!(error instanceof ConnectionOver)) failures.push(error);
      // Whoever waits for an answer is not to wait for ever, and whoever has left wants none.
      peer.close();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    forget: () => peers.splice(0, peers.length, ...peers.filter((peer) => !peer.closed)),
    close: async () => {
      for (const peer of peers) peer.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (failures.length > 0) throw failures[0];
    },
  };
}
