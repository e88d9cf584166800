import { AuthorizeRequest } from '@breakwater/contracts/shop/payments/v1';
import * as grpc from '@grpc/grpc-js';
import { Payload, ServerStreamRequest } from '../gen/bench/v1/load.pb.js';
import type { PingPong, RunningClient } from './contender.js';
import { LOAD_METHODS, type LoadStub, PAYMENTS_METHODS, type PaymentsStub } from './grpc-js-methods.js';
import { METADATA, PING, REQUEST, TIMEOUT_MS } from './workload.js';

/** Generated stubs on a channel, used as an application uses them. `close` is asked to end what `make` opened. */
export function stubClient(
  make: (constructor: grpc.ServiceClientConstructor) => grpc.Client,
  close: () => Promise<void> = async () => {},
): RunningClient {
  const payments = make(grpc.makeGenericClientConstructor(PAYMENTS_METHODS, 'Payments')) as PaymentsStub;
  const load = make(grpc.makeGenericClientConstructor(LOAD_METHODS, 'Load')) as LoadStub;
  return {
    unary: () =>
      new Promise((resolve, reject) => {
        payments.authorize(AuthorizeRequest.fromPartial(REQUEST), metadata(), options(), (error, value) =>
          error === null ? resolve(value) : reject(error),
        );
      }),
    payload: (data) =>
      new Promise((resolve, reject) => {
        load.unary(Payload.fromPartial({ data }), metadata(), options(), (error, value) =>
          error === null ? resolve(value?.data.length ?? 0) : reject(error),
        );
      }),
    serverStream: (count) =>
      new Promise((resolve, reject) => {
        let seen = 0;
        load
          .serverStream(ServerStreamRequest.fromPartial({ count }), metadata(), {})
          .on('data', () => {
            seen += 1;
          })
          .on('error', reject)
          .on('end', () => resolve(seen));
      }),
    bidi: () => pingPong(load.bidi(metadata(), {})),
    close: async () => {
      payments.close();
      load.close();
      await close();
    },
  };
}

function pingPong(stream: grpc.ClientDuplexStream<Payload, Payload>): PingPong {
  let resolve: (value: unknown) => void = () => {};
  let reject: (error: Error) => void = () => {};
  stream.on('data', (answer) => resolve(answer)).on('error', (error: Error) => reject(error));
  return {
    exchange: () =>
      new Promise((yes, no) => {
        resolve = yes;
        reject = no;
        stream.write(Payload.fromPartial({ data: PING }));
      }),
    close: () =>
      new Promise((ended) => {
        stream.on('end', () => ended());
        stream.end();
      }),
  };
}

function metadata(): grpc.Metadata {
  const made = new grpc.Metadata();
  for (const [key, value] of Object.entries(METADATA)) made.set(key, value);
  return made;
}

const options = (): grpc.CallOptions => ({ deadline: Date.now() + TIMEOUT_MS });
