import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { CERTIFICATE, KEY } from '../certificates.js';
import type { RunningServer, Setup } from '../contender.js';
import { HOST } from '../workload.js';
import { LEAD, NO_LEAD, PAYLOAD } from './bare-protocol.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import type { Messages } from './messages.js';

/** The other end of `bareClient`. */
export async function bareServer(messages: Messages, { tls }: Setup): Promise<RunningServer> {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const writer = new FrameWriter(socket);
    const reader = new FrameReader((id, kind, bytes, start, end) => {
      const at = start + LEAD.length;
      const answer = kind === PAYLOAD ? messages.payloadAnswer(bytes, at, end) : messages.answer(bytes, at, end);
      writer.frame(id, kind, NO_LEAD, answer);
    });
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server: Server = tls ? createTls({ cert: CERTIFICATE, key: KEY }, onSocket) : createTcp(onSocket);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
