import { type DescMessage, type DescMethod, type DescService, fromBinary } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { MessageType, MethodDefinition, ServiceDefinition } from '@breakwater/rpc';

/**
 * A definition for `createClient` of a service known only by its descriptor. Requests are given as encoded bytes (they
 * are checked while JSON is read), responses come as messages of `fromBinary`. Methods are keyed by their proto names.
 */
export const dynamicDefinition = (service: DescService): ServiceDefinition => ({
  name: service.name,
  fullName: service.typeName,
  methods: Object.fromEntries(service.methods.map((method) => [method.name, methodDefinition(method)])),
});

const methodDefinition = (method: DescMethod): MethodDefinition => ({
  name: method.name,
  requestType: ENCODED,
  requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
  responseType: messageType(method.output),
  responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
  options: { idempotencyLevel: MethodOptions_IdempotencyLevel[method.idempotency] },
});

const ENCODED: MessageType = {
  encode: (message) => ({ finish: () => message as Uint8Array }),
  decode: (bytes) => bytes,
  fromPartial: (partial) => partial,
};

const messageType = (desc: DescMessage): MessageType => ({
  ...ENCODED,
  decode: (bytes) => fromBinary(desc, bytes),
});
