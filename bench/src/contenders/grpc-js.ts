import { AuthorizeRequest, AuthorizeResponse, PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import * as grpc from '@grpc/grpc-js';
import type { Contender } from './contender.js';
import { versionOf } from './version-of.js';
import { HOST, METADATA, REQUEST, RESPONSE, TIMEOUT_MS } from './workload.js';

const { authorize } = PaymentsDefinition.methods;

/** What ts-proto's `outputServices=grpc-js` generates for the method. */
const METHOD: grpc.MethodDefinition<AuthorizeRequest, AuthorizeResponse> = {
  path: `/${PaymentsDefinition.fullName}/${authorize.name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (value) => Buffer.from(AuthorizeRequest.encode(value).finish()),
  requestDeserialize: (bytes) => AuthorizeRequest.decode(bytes),
  responseSerialize: (value) => Buffer.from(AuthorizeResponse.encode(value).finish()),
  responseDeserialize: (bytes) => AuthorizeResponse.decode(bytes),
};

type Stub = grpc.Client & {
  authorize(
    request: AuthorizeRequest,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, value?: AuthorizeResponse) => void,
  ): grpc.ClientUnaryCall;
};

/** Plain grpc-js with ts-proto stubs, as an application writes it. */
export const grpcJs: Contender = {
  name: 'grpc-js',
  versions: { '@grpc/grpc-js': versionOf('@grpc/grpc-js') },
  async serve() {
    const server = new grpc.Server();
    const handler: grpc.handleUnaryCall<AuthorizeRequest, AuthorizeResponse> = (_call, done) =>
      done(null, AuthorizeResponse.fromPartial(RESPONSE));
    server.addService({ authorize: METHOD }, { authorize: handler });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${HOST}:0`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return { port, close: async () => server.forceShutdown() };
  },
  async connect(port) {
    const Client = grpc.makeGenericClientConstructor({ authorize: METHOD }, 'Payments');
    const client = new Client(`${HOST}:${port}`, grpc.credentials.createInsecure()) as unknown as Stub;
    return {
      call: () =>
        new Promise((resolve, reject) => {
          const metadata = new grpc.Metadata();
          for (const [key, value] of Object.entries(METADATA)) metadata.set(key, value);
          client.authorize(
            AuthorizeRequest.fromPartial(REQUEST),
            metadata,
            { deadline: Date.now() + TIMEOUT_MS },
            (error, value) => (error === null ? resolve(value) : reject(error)),
          );
        }),
      close: async () => client.close(),
    };
  },
};
