import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { DescFile, DescService } from '@bufbuild/protobuf';
import { fileDesc, serviceDesc } from '@bufbuild/protobuf/codegenv2';
import { type ConnectRouter, createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import type { ProtoFile } from '@breakwater/rpc';
import { LoadDefinition } from '../gen/bench/v1/load.pb.js';
import { CA, CERTIFICATE, KEY, SERVER_NAME } from './certificates.js';
import type { Sides } from './contender.js';
import { countOf, echo, entries, pingPongOver } from './streams.js';
import { HOST, METADATA, REQUEST, RESPONSE, TIMEOUT_MS } from './workload.js';

/** What protoc-gen-es would emit: its code, too, is a descriptor in base64 and these calls. */
const describe = ({ base64, dependencies }: ProtoFile): DescFile => fileDesc(base64, dependencies.map(describe));

const serviceOf = ({ file, name }: { readonly file?: ProtoFile; readonly name: string }): DescService => {
  if (file === undefined) throw new Error(`${name} has no descriptor`);
  const described = describe(file);
  return serviceDesc(
    described,
    described.services.findIndex((service) => service.name === name),
  );
};

const payments = serviceOf(PaymentsDefinition);
const load = serviceOf(LoadDefinition);

const source = { case: REQUEST.source.$case, value: REQUEST.source.value };
const ES_REQUEST = { ...REQUEST, source };

/** Without generated code the compiler knows nothing of the methods, hence `never`. */
const routes = (router: ConnectRouter): void => {
  router.service(payments, { authorize: async () => RESPONSE } as never);
  router.service(load, {
    unary: async ({ data }: { readonly data: Uint8Array }) => ({ data }),
    serverStream: ({ count }: { readonly count: number }) => entries(count),
    bidi: echo,
  } as never);
};

interface CallOptions {
  readonly headers: typeof METADATA;
  readonly timeoutMs?: number;
}

/** The typed clients that generated code would give. */
interface PaymentsClient {
  authorize(request: unknown, options: CallOptions): Promise<unknown>;
}
interface LoadClient {
  unary(request: { data: Uint8Array }, options: CallOptions): Promise<{ data: Uint8Array }>;
  serverStream(request: { count: number }, options: CallOptions): AsyncIterable<unknown>;
  bidi(requests: AsyncIterable<{ data: Uint8Array }>, options: CallOptions): AsyncIterable<unknown>;
}

/** connect-es, speaking gRPC on node:http2, messages by protobuf-es. */
export const connectEs: Sides = {
  async serve({ tls }) {
    const handler = connectNodeAdapter({ routes });
    const onRequest = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse): void =>
      handler(request, response);
    const server = tls
      ? http2.createSecureServer({ cert: CERTIFICATE, key: KEY }, onRequest)
      : http2.createServer(onRequest);
    const sessions = new Set<http2.ServerHttp2Session>();
    server.on('session', (session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        for (const session of sessions) session.destroy();
        server.close();
      },
    };
  },
  async connect(port, { tls }) {
    const transport = createGrpcTransport(
      tls
        ? { baseUrl: `https://${HOST}:${port}`, nodeOptions: { ca: CA, servername: SERVER_NAME } }
        : { baseUrl: `http://${HOST}:${port}` },
    );
    const shop = createClient(payments, transport) as unknown as PaymentsClient;
    const loads = createClient(load, transport) as unknown as LoadClient;
    const stream = { headers: METADATA };
    const options = { headers: METADATA, timeoutMs: TIMEOUT_MS };
    return {
      unary: () => shop.authorize(ES_REQUEST, options),
      payload: async (data) => (await loads.unary({ data }, options)).data.length,
      serverStream: (count) => countOf(loads.serverStream({ count }, stream)),
      bidi: () => pingPongOver((requests) => loads.bidi(requests, stream)),
      // Its sessions end with the process: a transport has no way to close them.
      close: async () => {},
    };
  },
};
