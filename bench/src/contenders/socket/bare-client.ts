import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CA, SERVER_NAME } from '../certificates.js';
import type { RunningClient, Setup } from '../contender.js';
import { HOST, METADATA, TIMEOUT_MS } from '../workload.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import type { Messages } from './messages.js';

export const UNARY = 1;
export const PAYLOAD = 2;

/** Deadline and metadata of every call, as bytes that nobody looks at. */
export const LEAD = Buffer.from(JSON.stringify({ timeoutMs: TIMEOUT_MS, ...METADATA }));
const NO_LEAD = Buffer.alloc(0);

type Settle = (body: Buffer) => void;

/** Calls in flight by slot: the slot is the id, and free ones are used again, last in first out. */
class Slots {
  private readonly settles: (Settle | undefined)[] = [];
  private readonly free: number[] = [];

  take(settle: Settle): number {
    const id = this.free.pop() ?? this.settles.length;
    this.settles[id] = settle;
    return id;
  }

  settle(id: number, body: Buffer): void {
    const settle = this.settles[id];
    this.settles[id] = undefined;
    this.free.push(id);
    settle?.(body);
  }
}

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
  const slots = new Slots();
  const writer = new FrameWriter(socket);
  const reader = new FrameReader((id, _kind, body) => slots.settle(id, body));
  socket.on('data', (chunk: Buffer) => reader.feed(chunk));
  socket.on('error', () => socket.destroy());
  const call = (kind: number, body: Uint8Array): Promise<Buffer> =>
    new Promise((resolve) => writer.frame(slots.take(resolve), kind, LEAD, body));
  return {
    unary: async () => messages.response(await call(UNARY, messages.request())),
    payload: async (data) => messages.payloadLength(await call(PAYLOAD, messages.payloadRequest(data))),
    close: async () => {
      socket.destroy();
    },
  };
}

export { NO_LEAD };
