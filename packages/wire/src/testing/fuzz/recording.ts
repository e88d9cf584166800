import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { message } from '../grpc-bytes.js';
import { ECHO } from '../methods.js';

/** The bytes of a whole conversation, by direction. */
export interface Recording {
  readonly fromClient: Buffer;
  readonly fromServer: Buffer;
}

/** Runs a conversation through a proxy that keeps its bytes. */
export async function record(port: number, converse: (port: number) => Promise<void>): Promise<Recording> {
  const up: Buffer[] = [];
  const down: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    sockets.push(client, target);
    client.on('error', () => {}).on('data', (bytes: Buffer) => up.push(bytes));
    target.on('error', () => {}).on('data', (bytes: Buffer) => down.push(bytes));
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await converse((server.address() as AddressInfo).port);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
  return { fromClient: Buffer.concat(up), fromServer: Buffer.concat(down) };
}

/** Three calls one after the other, as nghttp2 encodes them: Huffman coding, and tables that later headers refer to. */
export async function converseByNode(port: number): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    for (const content of ['one', 'two', 'three'])
      await request(session, { 'x-repeated': 'the same in every call', 'x-own': `only in ${content}` }, content);
  } finally {
    session.destroy();
  }
}

async function request(
  session: ClientHttp2Session,
  metadata: Readonly<Record<string, string>>,
  content: string,
): Promise<void> {
  const stream = session.request({
    ':method': 'POST',
    ':path': ECHO.path,
    te: 'trailers',
    'content-type': 'application/grpc',
    ...metadata,
  });
  stream.resume().end(message(content));
  await new Promise((resolve, reject) => stream.on('close', resolve).on('error', reject));
}
