import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { CliError } from '../errors.js';

/** The name of an RPC in TypeScript: `PlaceOrder` -> `placeOrder`. */
const methodKey = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** @throws CliError when two RPCs of one service differ only in the case of their first letter, which code cannot tell apart */
export const requireDistinctMethods = (files: readonly FileDescriptorProto[]): void => {
  for (const file of files) {
    for (const service of file.service) {
      const seen = new Map<string, string>();
      for (const { name } of service.method) {
        const other = seen.get(methodKey(name));
        if (other !== undefined) {
          throw new CliError(
            `${file.name}: service ${service.name} has the RPCs ${other} and ${name}, which both become ${methodKey(name)} in TypeScript`,
            {
              remedy: 'Rename one of them.',
            },
          );
        }
        seen.set(methodKey(name), name);
      }
    }
  }
};
