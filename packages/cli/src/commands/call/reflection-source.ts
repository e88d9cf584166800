import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, RpcError } from '@breakwater/core';
import { type InputOf, type MessageOf, reflection } from '@breakwater/rpc';
import { createClient } from '@breakwater/service';
import { CliError } from '../../errors.js';
import type { Connection } from './connection.js';
import { DescriptorPool } from './descriptor-pool.js';
import type { TypeSource } from './type-source.js';

const { v1, v1alpha } = reflection([]);
type Definition = typeof v1.definition;
type Request = InputOf<Definition['methods']['serverReflectionInfo']['requestType']>;
type Response = MessageOf<Definition['methods']['serverReflectionInfo']['responseType']>;
type Ask = (request: Request) => Promise<NonNullable<Response['messageResponse']>>;

/** Reflection answers from memory: a server that takes longer has another problem. */
const TIMEOUT_MS = 10_000;

/**
 * Types by asking the server: `grpc.reflection.v1`, or `v1alpha` when it has only that.
 * @throws CliError when it has neither, saying to use --proto; RpcError when it cannot be reached
 */
export async function reflectionSource(connection: Connection): Promise<TypeSource> {
  const ask = await negotiate(connection);
  const pool = new DescriptorPool();
  const fetchFiles = async (request: Request['messageRequest']): Promise<boolean> => {
    const response = await ask({ messageRequest: request });
    if (response.$case === 'errorResponse') {
      if (response.value.errorCode === Code.NOT_FOUND) return false;
      throw new CliError(`the server's reflection failed: ${response.value.errorMessage}`);
    }
    if (response.$case !== 'fileDescriptorResponse')
      throw new CliError("the server's reflection gave another answer than was asked for");
    pool.add(response.value.fileDescriptorProto.map(readFile));
    return true;
  };
  return {
    description: "the server's reflection",
    services: async () => {
      const response = await ask({ messageRequest: { $case: 'listServices', value: '*' } });
      return response.$case === 'listServicesResponse' ? response.value.service.map(({ name }) => name).toSorted() : [];
    },
    find: async (symbol) => {
      if (!(await fetchFiles({ $case: 'fileContainingSymbol', value: symbol }))) return undefined;
      // Some servers send the one file only, and wait to be asked for what it imports.
      for (let missing = pool.missing(); missing.length > 0; missing = pool.missing()) {
        for (const name of missing) {
          if (!(await fetchFiles({ $case: 'fileByFilename', value: name })) || pool.missing().includes(name)) {
            throw new CliError(`the server's reflection does not have ${name}, which its own files import`, {
              remedy: 'Use --proto.',
            });
          }
        }
      }
      return pool.registry.get(symbol) === undefined ? undefined : pool.registry;
    },
  };
}

/** One question per stream: no server minds, and nothing is left open. */
async function negotiate(connection: Connection): Promise<Ask> {
  const askers = [v1.definition, v1alpha.definition as unknown as Definition].map((definition): Ask => {
    const client = connection.hold(createClient(definition, connection.target, connection.options));
    return async (request) => {
      const responses = client.serverReflectionInfo(one(request), { ...connection.callOptions, timeoutMs: TIMEOUT_MS });
      for await (const { messageResponse } of responses) if (messageResponse !== undefined) return messageResponse;
      throw new CliError("the server's reflection gave no answer");
    };
  });
  for (const ask of askers) {
    try {
      await ask({ messageRequest: { $case: 'listServices', value: '*' } });
      return ask;
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== Code.UNIMPLEMENTED) throw error;
    }
  }
  throw new CliError(`${connection.target} does not serve reflection (neither grpc.reflection.v1 nor v1alpha)`, {
    remedy: 'Tell the types yourself: --proto FILE.proto [--include DIR].',
  });
}

async function* one(request: Request): AsyncGenerator<Request> {
  yield request;
}

function readFile(bytes: Uint8Array): FileDescriptorProto {
  try {
    return fromBinary(FileDescriptorProtoSchema, bytes);
  } catch (error) {
    throw new CliError("the server's reflection gave a file descriptor that cannot be read", { cause: error });
  }
}
