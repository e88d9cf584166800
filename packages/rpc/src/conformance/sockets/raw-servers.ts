import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Address } from '../../transport/transport.js';
import type { Fixture } from '../fixture.js';

/** Starts any server of Node's on a free port, and ends it with its connections after the test. */
export async function listenOn(fixture: Fixture, server: Server): Promise<Address> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fixture.own({
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** What a bare HTTP/2 server does to a stream. @param count of the stream, from 1 @param breakOff resets every connection */
export type OnStream = (stream: ServerHttp2Stream, count: number, breakOff: () => void) => void;

/** An HTTP/2 server of Node's that knows no gRPC. */
export function listenHttp2(fixture: Fixture, onStream: OnStream): Promise<Address> {
  const server = createHttp2Server();
  const sockets: Socket[] = [];
  const breakOff = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  let count = 0;
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    onStream(stream, ++count, breakOff);
  });
  return listenOn(fixture, server);
}

/** Answers a stream with one gRPC message and OK. @param json what the message holds */
export function answer(stream: ServerHttp2Stream, json: string): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  const message = Buffer.from(json);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
}
