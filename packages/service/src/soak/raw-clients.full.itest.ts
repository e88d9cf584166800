import { connect, type Socket } from 'node:net';

// Clients that write bytes by hand, and leave without saying goodbye.

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const frame = (type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const field = (name: string, value: string): Buffer => Buffer.concat([Buffer.from([0]), text(name), text(value)]);

const SETTINGS = frame(4, 0, 0);
const SETTINGS_ACK = frame(4, 1, 0);
const HELLO = Buffer.concat([PREFACE, SETTINGS, SETTINGS_ACK]);

/** A request whose message is announced and does not come. */
const half = (path: string): Buffer =>
  Buffer.concat([
    frame(
      1,
      4,
      1,
      Buffer.concat([
        field(':method', 'POST'),
        field(':scheme', 'http'),
        field(':path', path),
        field(':authority', 'test'),
        field('content-type', 'application/grpc'),
        field('te', 'trailers'),
      ]),
    ),
    frame(0, 0, 1, Buffer.from([0, 0, 0, 1, 0, 1, 2, 3])),
  ]);

/** What a raw client sends and how it leaves; the server has to do the rest. */
const LEAVING: readonly ((socket: Socket, path: string) => unknown)[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.write(HELLO, () => socket.resetAndDestroy()),
  (socket, path) => socket.write(Buffer.concat([HELLO, half(path)]), () => socket.resetAndDestroy()),
  // Half-open: it has said all it has to say, and waits.
  (socket, path) => socket.end(Buffer.concat([HELLO, half(path)])),
  (socket) => socket.end(HELLO.subarray(0, 10)),
  // It says nothing at all, nor anything after its preface, nor the rest of a frame.
  () => undefined,
  (socket) => socket.write(PREFACE),
  (socket, path) => socket.write(Buffer.concat([HELLO, half(path).subarray(0, 30)])),
  // It breaks a rule, and does not close its side.
  (socket) => socket.write(Buffer.concat([HELLO, frame(4, 0, 1)])),
  (socket) => socket.write('GET / HTTP/1.1\r\n\r\n'),
];

/** Connects, misbehaves in one of the ways in turn, and resolves when the connection is gone on this side. */
export function leaveBadly(port: number, path: string, turn: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: turn % 2 === 0 });
    socket.on('error', () => {}).resume();
    socket.on('connect', () => LEAVING[turn % LEAVING.length]?.(socket, path));
    // One that stays half-open on this side is closed when the server has ended its side.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve());
  });
}
