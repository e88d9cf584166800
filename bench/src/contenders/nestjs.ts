import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, GrpcMethod, type GrpcOptions, Transport } from '@nestjs/microservices';
import { lastValueFrom, map, type Observable, range } from 'rxjs';
import { CA, CERTIFICATE, KEY, SERVER_NAME } from './certificates.js';
import type { Sides } from './contender.js';
import { freePort } from './free-port.js';
import { JSON_REQUEST } from './json/messages.js';
import { ENTRY, HOST, METADATA, RESPONSE, TIMEOUT_MS } from './workload.js';

const protos = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Both protos, read at run time: the way in which Nest uses gRPC. 64-bit numbers as text, which costs less than Long objects. */
const options = (url: string): GrpcOptions['options'] => ({
  package: ['shop.payments.v1', 'bench.v1'],
  protoPath: ['shop/payments/v1/payments.proto', 'bench/v1/load.proto'],
  loader: { includeDirs: [protos('proto'), protos('bench/proto')], longs: String },
  url,
});

const AUTHORIZED = {
  payment: {
    ...RESPONSE.payment,
    amount: JSON_REQUEST.amount,
    createdAt: { ...RESPONSE.payment.createdAt, seconds: String(RESPONSE.payment.createdAt.seconds) },
  },
};
const BOOKED = { ...ENTRY, amount: JSON_REQUEST.amount, bookedAtUs: String(ENTRY.bookedAtUs) };

class PaymentsController {
  authorize(): unknown {
    return AUTHORIZED;
  }
}

class LoadController {
  unary({ data }: { readonly data: Buffer }): unknown {
    return { data };
  }

  serverStream({ count }: { readonly count: number }): Observable<unknown> {
    return range(0, count).pipe(map(() => BOOKED));
  }
}

class AppModule {}

/** What decorators would do: they are functions, and calling them needs no flag of the compiler. */
function decorate(): void {
  const method = (type: { readonly prototype: object }, service: string, rpc: string, key: string): void => {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, key);
    if (descriptor === undefined) throw new Error(`no method ${key}`);
    GrpcMethod(service, rpc)(type.prototype, key, descriptor);
  };
  method(PaymentsController, 'Payments', 'Authorize', 'authorize');
  method(LoadController, 'Load', 'Unary', 'unary');
  method(LoadController, 'Load', 'ServerStream', 'serverStream');
  Controller()(PaymentsController);
  Controller()(LoadController);
  Module({ controllers: [PaymentsController, LoadController] })(AppModule);
}

type Remote<Q, R> = (request: Q, metadata: Metadata, options?: { readonly deadline: number }) => Observable<R>;

/** NestJS' gRPC microservice and client, messages by proto-loader. */
export const nestjs: Sides = {
  async serve({ tls }) {
    decorate();
    const port = await freePort();
    const app = await NestFactory.createMicroservice(AppModule, {
      logger: false,
      transport: Transport.GRPC,
      options: {
        ...options(`${HOST}:${port}`),
        ...(tls
          ? {
              credentials: ServerCredentials.createSsl(null, [
                { cert_chain: Buffer.from(CERTIFICATE), private_key: Buffer.from(KEY) },
              ]),
            }
          : {}),
      },
    });
    await app.listen();
    return { port, close: () => app.close() };
  },
  async connect(port, { tls }) {
    const client = ClientProxyFactory.create({
      transport: Transport.GRPC,
      options: {
        ...options(`${HOST}:${port}`),
        channelOptions: {
          'grpc.use_local_subchannel_pool': 1,
          ...(tls ? { 'grpc.ssl_target_name_override': SERVER_NAME } : {}),
        },
        ...(tls ? { credentials: credentials.createSsl(Buffer.from(CA)) } : {}),
      },
    });
    const payments = client.getService<{ authorize: Remote<unknown, unknown> }>('Payments');
    const load = client.getService<{
      unary: Remote<{ data: Buffer }, { data: Buffer }>;
      serverStream: Remote<{ count: number }, unknown>;
    }>('Load');
    const deadline = () => ({ deadline: Date.now() + TIMEOUT_MS });
    return {
      unary: () => lastValueFrom(payments.authorize(JSON_REQUEST, metadata(), deadline())),
      payload: async (data) => (await lastValueFrom(load.unary({ data }, metadata(), deadline()))).data.length,
      serverStream: (count) =>
        new Promise((resolve, reject) => {
          let seen = 0;
          load.serverStream({ count }, metadata()).subscribe({
            next: () => {
              seen += 1;
            },
            error: reject,
            complete: () => resolve(seen),
          });
        }),
      close: async () => client.close(),
    };
  },
};

function metadata(): Metadata {
  const made = new Metadata();
  for (const [key, value] of Object.entries(METADATA)) made.set(key, value);
  return made;
}
