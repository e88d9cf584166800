import { Metadata } from '@grpc/grpc-js';
import { succeed } from '@breakwater/core';
import { echo, headers, none, refused, type Scenarios, trailers } from './scenario.itest.js';

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const decode = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
const refuse = (): never => {
  throw new Error('garbled');
};

export const UNARY: Scenarios = {
  'a unary call with headers and trailers': {
    serve: { Unary: async (call) => succeed([call.request, call.metadata.get('x-q')], headers, trailers) },
    async run(stub, log) {
      const metadata = new Metadata();
      metadata.set('x-q', 'asked');
      log.listen(stub.Unary({ a: 1 }, metadata, {}, log.callback));
      await log.whenOver();
    },
  },
  'a unary call that is refused, with details and trailers': {
    serve: { Unary: async () => refused('no such "thing": 100 % — gone') },
    async run(stub, log) {
      log.listen(stub.Unary(1, none(), {}, log.callback));
      await log.whenOver();
    },
  },
  'a method that nobody serves': {
    serve: { Unary: echo },
    async run(stub, log) {
      log.listen(stub.Charge(1, none(), {}, log.callback));
      await log.whenOver();
    },
  },
  'a request that cannot be encoded': {
    serve: { Unary: echo },
    async run(stub, log) {
      log.listen(stub.makeUnaryRequest('/plain.v1.App/Unary', refuse, decode, 1, none(), {}, log.callback));
      await log.whenOver();
    },
  },
  'a response that cannot be decoded': {
    serve: { Unary: echo },
    async run(stub, log) {
      log.listen(stub.makeUnaryRequest('/plain.v1.App/Unary', encode, refuse, 1, none(), {}, log.callback));
      await log.whenOver();
    },
  },
};
