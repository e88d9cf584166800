import { fileURLToPath } from 'node:url';
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type Message,
  toBinary,
} from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { CallContext, MessageType, ProtoFile, ServiceDefinition, ServiceImplementation } from '@breakwater/rpc';
import { type Code, createService, NO_CONFIG, RpcError, type Service, type ServiceOptions } from '@breakwater/service';
import { compileProtos } from '../../generate/protoc.js';
import { compileShipped } from '../call/shipped-protos.js';

/** The folder of `acme/lab/v1/lab.proto`. */
export const PROTO_ROOT = fileURLToPath(new URL('../../../src/commands/testdata/proto', import.meta.url));
export const LAB = 'acme.lab.v1.Lab';

interface Fields {
  readonly [name: string]: unknown;
}

/** A service with all four kinds of methods, made from its proto without generated code. */
export async function labService(options: Partial<ServiceOptions> = {}): Promise<Service> {
  const { set } = await compileProtos({ protoDir: PROTO_ROOT, files: ['acme/lab/v1/lab.proto'], includeDirs: [] });
  const types = createFileRegistry(set);
  const definition = definitionOf(types, set.file);
  const make = (name: string, fields: Record<string, unknown>): Message => create(messageOf(types, name), fields);
  const handlers = {
    Echo: async (request: Fields, ctx: CallContext) => {
      ctx.setHeaders({ 'x-seen': String(ctx.metadata.get('x-asked') ?? 'nothing') });
      ctx.setTrailers({ 'x-end': 'bye' });
      return request;
    },
    async *Count({ to }: Fields) {
      for (let value = 1; value <= Number(to); value += 1) yield make('Number', { value: BigInt(value) });
    },
    Sum: async (requests: AsyncIterable<Fields>) => {
      let value = 0n;
      for await (const one of requests) value += one.value as bigint;
      return make('Number', { value });
    },
    async *Chat(requests: AsyncIterable<Fields>) {
      for await (const { text } of requests) yield make('Line', { text: `you said ${String(text)}` });
    },
    Fail: async ({ code }: Fields) => fail(Number(code)),
  };
  return createService({
    name: 'lab',
    logger: false,
    signals: false,
    config: NO_CONFIG,
    lifecycle: { propagationWaitMs: 0 },
    ...options,
  }).add(definition, handlers as unknown as ServiceImplementation<ServiceDefinition>);
}

/** With one detail of google.rpc, and one that nobody can read. */
async function fail(code: Code): Promise<never> {
  const rpc = await compileShipped('google/rpc/error_details.proto');
  const desc = messageOf(rpc, 'google.rpc.BadRequest');
  const value = toBinary(desc, create(desc, { fieldViolations: [{ field: 'amount', description: 'too much' }] }));
  throw new RpcError(code, 'as you wish', {
    reason: 'ASKED_FOR',
    retryAfterMs: 250,
    metadata: { 'x-why': 'test' },
    richDetails: [
      { typeUrl: 'type.googleapis.com/google.rpc.BadRequest', value },
      { typeUrl: 'type.googleapis.com/acme.Unheard', value: new Uint8Array([1, 2]) },
    ],
  });
}

function messageOf(types: FileRegistry, name: string): DescMessage {
  const desc = types.getMessage(name.includes('.') ? name : `acme.lab.v1.${name}`);
  if (desc === undefined) throw new Error(`no message ${name}`);
  return desc;
}

function definitionOf(types: FileRegistry, files: readonly FileDescriptorProto[]): ServiceDefinition {
  const service = types.getService(LAB);
  if (service === undefined) throw new Error(`no service ${LAB}`);
  return {
    name: service.name,
    fullName: service.typeName,
    file: protoFile('acme/lab/v1/lab.proto', files),
    methods: Object.fromEntries(
      service.methods.map((method) => [
        method.name,
        {
          name: method.name,
          requestType: messageType(method.input),
          requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
          responseType: messageType(method.output),
          responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
          options: {},
        },
      ]),
    ),
  };
}

const messageType = (desc: DescMessage): MessageType => ({
  encode: (message) => ({ finish: () => toBinary(desc, message as Message) }),
  decode: (bytes) => fromBinary(desc, bytes),
  fromPartial: (partial) => partial,
});

/** A compiled file with its imports, as generated code has it. */
export function protoFile(name: string, files: readonly FileDescriptorProto[]): ProtoFile {
  const file = files.find((one) => one.name === name);
  if (file === undefined) throw new Error(`no file ${name}`);
  return {
    name,
    base64: Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64'),
    dependencies: file.dependency.map((one) => protoFile(one, files)),
  };
}
