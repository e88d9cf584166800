import {
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type Metadata,
  type ServiceDefinition,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

// An ordinary grpc-js application with one method of each kind, for the tests of the adapters beside it.

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

const method = (name: string, requestStream: boolean, responseStream: boolean, idempotency?: string) => ({
  path: `/plain.v1.App/${name}`,
  requestStream,
  responseStream,
  requestSerialize: encode,
  requestDeserialize: decode,
  responseSerialize: encode,
  responseDeserialize: decode,
  ...(idempotency === undefined ? {} : { options: { idempotency_level: idempotency } }),
});

/** As `@grpc/proto-loader` makes it. */
export const APP: ServiceDefinition = {
  Unary: method('Unary', false, false, 'IDEMPOTENT'),
  Charge: method('Charge', false, false),
  Down: method('Down', false, true, 'NO_SIDE_EFFECTS'),
  Up: method('Up', true, false, 'IDEMPOTENT'),
  Chat: method('Chat', true, true),
};

type Callback = (error: ServiceError | null, value?: unknown) => void;
type Options = Record<string, unknown>;

/** The stub of it. */
export interface AppClient extends Client {
  Unary(request: unknown, metadata: Metadata, options: Options, callback: Callback): ClientUnaryCall;
  Charge(request: unknown, metadata: Metadata, options: Options, callback: Callback): ClientUnaryCall;
  Down(request: unknown, metadata?: Metadata, options?: Options): ClientReadableStream<unknown>;
  Up(metadata: Metadata, options: Options, callback: Callback): ClientWritableStream<unknown>;
  Chat(metadata?: Metadata, options?: Options): ClientDuplexStream<unknown, unknown>;
}

const AppStub = makeGenericClientConstructor(APP, 'App');

/** Servers and clients of one test. */
export class PlainApp {
  private readonly closers: (() => void)[] = [];

  async serve(
    handlers: UntypedServiceImplementation,
    options: ConstructorParameters<typeof Server>[0] = {},
  ): Promise<number> {
    const server = new Server(options);
    server.addService(APP, handlers);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    this.closers.push(() => server.forceShutdown());
    return port;
  }

  client(target: string | number, options: ClientOptions = {}): AppClient {
    const address = typeof target === 'number' ? `127.0.0.1:${target}` : target;
    const client = new AppStub(address, credentials.createInsecure(), options) as unknown as AppClient;
    this.closers.push(() => client.close());
    return client;
  }

  close(): void {
    for (const close of this.closers.splice(0).reverse()) close();
  }
}

/** How a callback-style call ended. */
export interface Ended {
  readonly error: ServiceError | null;
  readonly value: unknown;
}

export const ended = (run: (callback: Callback) => unknown): Promise<Ended> =>
  new Promise((resolve) => void run((error, value) => resolve({ error, value })));

/** Reads a response stream to its end. */
export const readAll = (
  stream: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>,
): Promise<{ messages: unknown[]; error: ServiceError | null }> =>
  new Promise((resolve) => {
    const messages: unknown[] = [];
    stream.on('data', (message: unknown) => messages.push(message));
    stream.on('error', (error: Error) => resolve({ messages, error: error as ServiceError }));
    stream.on('end', () => resolve({ messages, error: null }));
  });
