import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CA, SERVER_NAME } from '../certificates.js';
import type { RunningClient, Setup } from '../contender.js';
import { HOST } from '../workload.js';
import { LEAD, PAYLOAD, UNARY } from './bare-protocol.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import type { Messages } from './messages.js';
import { Slots } from './slots.js';

async function open(port: number, { tls }: Setup): Promise<Socket> {
  const socket = tls
    ? connectTls({ host: HOST, port, ca: CA, servername: SERVER_NAME })
    : connectTcp({ host: HOST, port, noDelay: true });
  await once(socket, tls ? 'secureConnect' : 'connect');
  return socket;
}

/** A socket with request ids, one write per tick, and nothing else: no deadline, no cancellation, no flow control. */
export async function bareClient(messages: Messages, port: number, setup: Setup): Promise<RunningClient> {
  const socket = await open(port, setup);
  const unary = new Slots<unknown>();
  const payload = new Slots<number>();
  const writer = new FrameWriter(socket);
  const reader = new FrameReader((id, kind, bytes, start, end) => {
    if (kind === UNARY) unary.settle(id, messages.response(bytes, start, end));
    else payload.settle(id, messages.payloadLength(bytes, start, end));
  });
  socket.on('data', (chunk: Buffer) => reader.feed(chunk));
  socket.on('error', () => socket.destroy());
  return {
    unary: () => new Promise((resolve) => writer.frame(unary.take(resolve), UNARY, LEAD, messages.request)),
    payload: (data) =>
      new Promise((resolve) => writer.frame(payload.take(resolve), PAYLOAD, LEAD, messages.payloadRequest(data))),
    close: async () => {
      socket.destroy();
    },
  };
}
