import type { FileRegistry } from '@bufbuild/protobuf';
import { CliError } from '../../errors.js';
import { compileProtos } from '../../generate/protoc.js';
import { DescriptorPool } from './descriptor-pool.js';
import { loadProtos } from './load-protos.js';
import { toDescriptors } from './loaded-descriptors.js';
import { type LocatedProtos, locateProtos } from './locate-protos.js';
import type { TypeSource } from './type-source.js';

/**
 * Types from proto files, loaded by proto-loader.
 * @throws CliError with file:line:column of what is wrong in a file, or naming a file or folder that does not exist
 */
export async function protoSource(protos: readonly string[], includes: readonly string[]): Promise<TypeSource> {
  const located = await locateProtos(protos, includes);
  const description = protos.join(', ');
  let types: FileRegistry;
  try {
    const pool = new DescriptorPool();
    pool.add(toDescriptors(loadProtos(located.files, located.folders)));
    types = pool.registry;
  } catch (error) {
    throw await explain(description, located, error);
  }
  const services = [...types.files]
    .filter(({ proto }) => located.files.includes(proto.name))
    .flatMap((file) => file.services.map(({ typeName }) => typeName))
    .toSorted();
  return {
    description,
    services: async () => services,
    find: async (symbol) => (types.get(symbol) === undefined ? undefined : types),
  };
}

/** proto-loader tells a line at best; protoc tells the column, shows the line, and says where it looked for an import. */
async function explain(description: string, located: LocatedProtos, cause: unknown): Promise<CliError> {
  const [protoDir = process.cwd(), ...includeDirs] = located.folders;
  try {
    await compileProtos({ protoDir, files: located.importNames, includeDirs });
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  return new CliError(
    `--proto ${description}: protoc accepts this, but @grpc/proto-loader cannot load it: ${cause instanceof Error ? cause.message : String(cause)}`,
    { remedy: "Leave out --proto: the types then come from the server's reflection, if it serves that.", cause },
  );
}
