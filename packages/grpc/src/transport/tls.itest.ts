import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import {
  Code,
  ConfigError,
  createRuntime,
  Cancellation,
  Attributes,
  Metadata,
  succeed,
  type Call,
  type Status,
} from '@breakwater/core';
import {
  clientLimits,
  PEER_CERTIFICATE,
  serverLimits,
  type ClientTls,
  type Connection,
  type Listener,
  type Method,
  type ServedMethod,
  type ServerTls,
} from '@breakwater/rpc';
import { CA, CLIENT, EXPIRED, OTHER, SERVER, STRANGER } from './certificates.itest.js';
import { grpcTransport } from './grpc-transport.js';

const METHOD: Method = {
  key: 'do',
  path: '/tls.v1.Test/Do',
  service: 'tls.v1.Test',
  method: 'Do',
  kind: 'unary',
  idempotency: 'unknown',
  encodeRequest: (message) => Buffer.from(String(message)),
  decodeRequest: (bytes) => Buffer.from(bytes).toString(),
  encodeResponse: (message) => Buffer.from(String(message)),
  decodeResponse: (bytes) => Buffer.from(bytes).toString(),
};

describe('TLS, and peers that speak something else', () => {
  const runtime = createRuntime();
  const transport = grpcTransport();
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const listen = async (tls?: ServerTls, port = 0): Promise<Listener> => {
    const served: ServedMethod = {
      method: METHOD,
      handler: async (call) => succeed(call.attributes.get(PEER_CERTIFICATE) ?? 'nobody'),
    };
    const options = { name: 'tls', host: '127.0.0.1', port, limits: serverLimits(), runtime, tls };
    const listener = await transport.listen(options, new Map([[METHOD.path, served]]));
    opened.push(listener);
    return listener;
  };
  const connect = (port: number, tls?: ClientTls, authority = 'conformance'): Connection => {
    const options = { authority, limits: clientLimits(), backoff: { initialMs: 20, maxMs: 50 }, runtime, tls };
    const connection = transport.connect({ host: '127.0.0.1', port }, options);
    opened.push(connection);
    connection.connect();
    return connection;
  };
  const settled = (connection: Connection): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (connection.state === 'ready' || connection.state === 'failed') resolve();
      };
      connection.onStateChange(look);
      look();
    });
  const call = async (connection: Connection): Promise<unknown> => {
    const now = runtime.clock.now();
    const incoming: Call = {
      operation: METHOD,
      target: 'tls',
      deadline: now + 5000,
      now,
      metadata: Metadata.EMPTY,
      request: 'x',
      requests: undefined,
      responses: undefined,
      cancellation: new Cancellation(),
      attempt: 1,
      attributes: Attributes.EMPTY,
      tried: [],
    };
    const outcome = await connection.call(METHOD, incoming);
    return outcome.ok ? outcome.value : outcome.status;
  };
  const failure = async (port: number, tls?: ClientTls, authority?: string): Promise<Status> => {
    const connection = connect(port, tls, authority);
    await settled(connection);
    assert.equal(connection.state, 'failed');
    assert.equal(connection.error?.code, Code.UNAVAILABLE);
    assert.deepEqual(await call(connection), connection.error);
    return connection.error;
  };
  const raw = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    return (server.address() as AddressInfo).port;
  };

  it('a call goes over TLS, verified against the name of the target', async () => {
    const { address } = await listen(SERVER);
    const connection = connect(address.port, { ca: CA });
    await settled(connection);
    assert.equal(connection.state, 'ready', JSON.stringify(connection.error));
    assert.equal(await call(connection), 'nobody');
  });

  it('an address as the name to verify is looked up in the certificate, with or without a port', async () => {
    const { address } = await listen(SERVER);
    for (const authority of ['127.0.0.1', `127.0.0.1:${address.port}`]) {
      const connection = connect(address.port, { ca: CA }, authority);
      await settled(connection);
      assert.equal(connection.state, 'ready', JSON.stringify(connection.error));
    }
  });

  it('tls.serverName takes the place of the target', async () => {
    const { address } = await listen(OTHER);
    const connection = connect(address.port, { ca: CA, serverName: 'elsewhere' });
    await settled(connection);
    assert.equal(connection.state, 'ready', JSON.stringify(connection.error));
  });

  it('PEMs are read from files, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-tls-'));
    opened.push({ close: () => rmSync(folder, { recursive: true }) });
    const file = (name: string, bytes: Buffer): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const { address } = await listen({
      cert: file('cert.pem', SERVER.cert),
      key: file('key.pem', SERVER.key),
      clientCa: file('ca.pem', CA),
    });
    const connection = connect(address.port, {
      ca: join(folder, 'ca.pem'),
      cert: file('c.pem', CLIENT.cert),
      key: file('k.pem', CLIENT.key),
    });
    await settled(connection);
    assert.equal(await call(connection), 'O=Acme, CN=orders');
  });

  it('with mTLS the handler knows the subject of the client', async () => {
    const { address } = await listen({ ...SERVER, clientCa: CA });
    const connection = connect(address.port, { ca: CA, ...CLIENT });
    await settled(connection);
    assert.equal(await call(connection), 'O=Acme, CN=orders');
  });

  const tlsFailures: readonly (readonly [string, ServerTls, ClientTls, string, RegExp])[] = [
    ['an expired certificate', EXPIRED, { ca: CA }, 'conformance', /expired/],
    [
      'a certificate for another name',
      OTHER,
      { ca: CA },
      'conformance',
      /DNS:elsewhere, not for conformance.*tls\.serverName/,
    ],
    [
      'a certificate of an unknown authority',
      SERVER,
      { ca: STRANGER.cert },
      'conformance',
      /authority unknown here.*tls\.ca/,
    ],
    [
      'a server that requires a client certificate',
      { ...SERVER, clientCa: CA },
      { ca: CA },
      'conformance',
      /client certificate.*tls\.cert/,
    ],
    [
      'a server that does not trust the client certificate',
      { ...SERVER, clientCa: CA },
      { ca: CA, ...STRANGER },
      'conformance',
      /client certificate/,
    ],
  ];
  for (const [what, server, client, authority, expected] of tlsFailures) {
    it(`${what} is TLS_FAILED and says what to do`, async () => {
      const { address } = await listen(server);
      const status = await failure(address.port, client, authority);
      assert.equal(status.reason, 'TLS_FAILED', status.details);
      assert.match(status.details, expected);
    });
  }

  it('a plaintext client is told that the server speaks TLS', async () => {
    const { address } = await listen(SERVER);
    const status = await failure(address.port);
    assert.equal(status.reason, 'PEER_NOT_GRPC');
    assert.match(status.details, /speaks TLS; configure tls/);
  });

  it('a TLS client is told that the server does not', async () => {
    const { address } = await listen();
    const status = await failure(address.port, { ca: CA });
    assert.equal(status.reason, 'PEER_NOT_GRPC', status.details);
    assert.match(status.details, /does not speak TLS/);
  });

  it('a peer that answers HTTP/1 is named as such', async () => {
    const port = await raw(createHttpServer((_request, response) => response.end('hello')));
    const status = await failure(port);
    assert.equal(status.reason, 'PEER_NOT_GRPC');
    assert.equal(status.details, `127.0.0.1:${port} answered HTTP/1.1, not gRPC`);
  });

  it('a peer that speaks some other protocol is named as such', async () => {
    const port = await raw(
      createTcpServer((socket) =>
        socket
          .on('error', () => {})
          .resume()
          .end('SSH-2.0-OpenSSH_9.2\r\n'),
      ),
    );
    const status = await failure(port);
    assert.equal(status.reason, 'PEER_NOT_GRPC');
    assert.match(status.details, /SSH-2\.0/);
  });

  it('a TLS peer without HTTP/2 is named as such', async () => {
    const port = await raw(
      createTlsServer({ ...SERVER, ALPNProtocols: ['http/1.1'] }, (socket) =>
        socket
          .on('error', () => {})
          .resume()
          .end('nothing'),
      ),
    );
    const status = await failure(port, { ca: CA });
    assert.match(status.details, /HTTP\/2|h2|ALPN/i);
  });

  it('a peer that closes every connection is not taken for a gRPC server', async () => {
    const port = await raw(createTcpServer((socket) => socket.on('error', () => {}).destroy()));
    const status = await failure(port);
    assert.equal(status.code, Code.UNAVAILABLE);
    assert.match(status.details, new RegExp(`127\\.0\\.0\\.1:${port}`));
  });

  it('an address that cannot be one fails the connection, not the process', async () => {
    const status = await failure(70_000);
    assert.equal(status.reason, 'CONNECT_FAILED');
    assert.match(status.details, /70000/);
  });

  it('an HTTP/2 server that knows no gRPC fails the call, not the connection', async () => {
    const server = createHttp2Server((_request, response) => {
      response.writeHead(404);
      response.end('not found');
    });
    const connection = connect(await raw(server));
    await settled(connection);
    assert.equal(connection.state, 'ready');
    const status = (await call(connection)) as Status;
    assert.equal(status.code, Code.UNIMPLEMENTED);
    assert.equal(status.reason, 'PEER_NOT_GRPC');
    connection.close();
  });

  const badServers: readonly (readonly [string, ServerTls, string, RegExp])[] = [
    [
      'a file that is not there',
      { cert: '/nowhere/cert.pem', key: SERVER.key },
      'tls.cert',
      /\/nowhere\/cert\.pem.*ENOENT/,
    ],
    ['bytes that are no PEM', { cert: Buffer.from('nonsense'), key: SERVER.key }, 'tls.cert', /not PEM/],
    [
      'a PEM without a certificate',
      { cert: Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), key: SERVER.key },
      'tls.cert',
      /OpenSSL/,
    ],
    [
      'a key that belongs to another certificate',
      { cert: SERVER.cert, key: OTHER.key },
      'tls.key',
      /does not belong to tls\.cert/,
    ],
    ['a missing key', { cert: SERVER.cert } as unknown as ServerTls, 'tls.key', /path to a PEM file/],
  ];
  for (const [what, tls, field, expected] of badServers) {
    it(`${what} is a ConfigError of the server that names ${field}`, async () => {
      await assert.rejects(
        listen(tls),
        (error) => error instanceof ConfigError && error.field === field && expected.test(error.message),
      );
    });
  }

  const badClients: readonly (readonly [string, ClientTls, string, RegExp])[] = [
    ['a file that is not there', { ca: '/nowhere/ca.pem' }, 'tls.ca', /ENOENT/],
    ['a certificate without its key', { cert: CLIENT.cert }, 'tls.key', /set both or neither/],
    ['a key without its certificate', { key: CLIENT.key }, 'tls.cert', /set both or neither/],
    ['a misspelt option', { cA: CA } as ClientTls, 'tls.cA', /did you mean "ca"/],
  ];
  for (const [what, tls, field, expected] of badClients) {
    it(`${what} is a ConfigError of the client that names ${field}`, () => {
      assert.throws(
        () => connect(1, tls),
        (error) => error instanceof ConfigError && error.field === field && expected.test(error.message),
      );
    });
  }
});
