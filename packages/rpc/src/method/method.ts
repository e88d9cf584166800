import { codecOf, type MessageCodec } from '@breakwater/codec';
import { ConfigError, type Idempotency, type Operation, type RpcKind } from '@breakwater/core';
import type { MethodDefinition, ServiceDefinition } from './definition.js';
import { presentMessage } from './present.js';

/** An operation together with its codecs: all that a transport needs to know of a method. One object per method. */
export interface Method extends Operation {
  /** Key of the method in its definition, and on the client: `placeOrder`. */
  readonly key: string;
  /** @throws whatever the codec throws for a message that cannot be encoded */
  encodeRequest(message: unknown): Uint8Array;
  /** @throws whatever the codec throws for bytes that are not such a message */
  decodeRequest(bytes: Uint8Array): unknown;
  encodeResponse(message: unknown): Uint8Array;
  decodeResponse(bytes: Uint8Array): unknown;
  /**
   * What the four methods above use, for transports that write into memory of their own and read in place. Absent on a method
   * that was made by hand; one that is made from another and encodes or decodes otherwise sets them to undefined.
   * Give requests to `presentMessage` first, as `encodeRequest` does.
   */
  readonly requestCodec?: MessageCodec | undefined;
  readonly responseCodec?: MessageCodec | undefined;
}

/** The methods of a service, in the order of its proto. @throws ConfigError for something that is no service definition */
export function methodsOf(service: ServiceDefinition): readonly Method[] {
  const given = service as Partial<ServiceDefinition> | null | undefined;
  if (typeof given?.fullName !== 'string' || typeof given.methods !== 'object') {
    throw new ConfigError(
      'definition',
      service,
      'a service definition of generated code, such as PaymentsDefinition (see breakwater generate)',
    );
  }
  return Object.entries(service.methods).map(([key, definition]) => toMethod(service, key, definition));
}

function toMethod(service: ServiceDefinition, key: string, definition: MethodDefinition): Method {
  const requestCodec = codecOf(definition.requestType);
  const responseCodec = codecOf(definition.responseType);
  return {
    key,
    path: `/${service.fullName}/${definition.name}`,
    service: service.fullName,
    method: definition.name,
    kind: kindOf(definition),
    idempotency: idempotencyOf(definition),
    encodeRequest: (message) => requestCodec.encode(presentMessage(message)),
    decodeRequest: (bytes) => requestCodec.decode(bytes),
    encodeResponse: (message) => responseCodec.encode(message),
    decodeResponse: (bytes) => responseCodec.decode(bytes),
    requestCodec,
    responseCodec,
  };
}

function kindOf({ requestStream, responseStream }: MethodDefinition): RpcKind {
  if (requestStream) return responseStream ? 'bidi' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}

function idempotencyOf({ options }: MethodDefinition): Idempotency {
  if (options.idempotencyLevel === 'IDEMPOTENT') return 'idempotent';
  return options.idempotencyLevel === 'NO_SIDE_EFFECTS' ? 'no_side_effects' : 'unknown';
}
