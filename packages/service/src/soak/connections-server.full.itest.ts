import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { type Call, createRuntime, fail, type Outcome, succeed } from '@breakwater/core';
import { type Listener, serverLimits } from '@breakwater/rpc';
import { certificates, UNARY } from '@breakwater/rpc/conformance';
import { wireTransport } from '@breakwater/wire';
import { isMain, obey } from './in-child.full.itest.js';

/** Where the server process can be reached. */
export interface Ports {
  readonly plain: number;
  readonly tls: number;
  /** Of one that soon gives up on clients that do not do their part. */
  readonly impatient: number;
  /** Of one that is no server of ours. */
  readonly stranger: number;
}

const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const SETTINGS_ON_A_STREAM = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 1]);

/** What the stranger does with its connections, in turn. None of it is what a client hopes for. */
const STRANGE: readonly ((socket: Socket) => unknown)[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.write(SETTINGS, () => socket.resetAndDestroy()),
  (socket) => socket.end(SETTINGS),
  (socket) => socket.write(Buffer.concat([SETTINGS, SETTINGS_ON_A_STREAM])),
  (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
];

// The far side of connections that come and go. Does nothing when mocha loads it.
if (isMain(import.meta.url)) {
  const transport = wireTransport();
  const impatient = wireTransport({ handshakeTimeoutMs: 100 });
  let started = 0;
  const handler = ({ request, cancellation }: Call): Promise<Outcome> => {
    started += 1;
    if (request !== 'hang') return Promise.resolve(succeed(request));
    return new Promise((resolve) => cancellation.onCancel((status) => resolve(fail(status))));
  };
  const methods = new Map([[UNARY.path, { method: UNARY, handler }]]);
  const listen = (over = transport, tls = false): Promise<Listener> =>
    over.listen(
      {
        name: 'connections',
        host: '127.0.0.1',
        port: 0,
        limits: serverLimits(),
        runtime: createRuntime(),
        tls: tls ? certificates.SERVER : undefined,
      },
      methods,
    );
  let lasting: readonly Listener[] = [];
  let brief: Listener | undefined;
  let stranger: Server | undefined;
  let strange = 0;

  obey({
    open: async (): Promise<Ports> => {
      const [plain, tls, soon] = await Promise.all([listen(), listen(transport, true), listen(impatient)]);
      lasting = [plain, tls, soon];
      const server = createServer((socket) => {
        socket.on('error', () => {}).resume();
        STRANGE[strange++ % STRANGE.length]?.(socket);
      });
      stranger = server;
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return {
        plain: plain.address.port,
        tls: tls.address.port,
        impatient: soon.address.port,
        stranger: port,
      };
    },
    // A listener that ends while clients are connected to it.
    openBriefly: async () => {
      brief = await listen();
      return brief.address.port;
    },
    endBriefly: async (how) => {
      if (how === 'drain') await brief?.drain();
      await brief?.close();
    },
    calls: () => ({ started, inFlight: lasting.reduce((sum, { inFlight }) => sum + inFlight, 0) }),
    close: async () => {
      await Promise.all(lasting.map((listener) => listener.close()));
      await new Promise<void>((resolve) => stranger?.close(() => resolve()));
    },
  });
}
