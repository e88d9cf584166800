import type { FileRegistry } from '@bufbuild/protobuf';
import { compileProtos, SHIPPED_PROTOS } from '../../generate/protoc.js';
import { DescriptorPool } from './descriptor-pool.js';

let compiled: Promise<FileRegistry> | undefined;

/** The types of a proto that comes with this package. */
export function compileShipped(file: string): Promise<FileRegistry> {
  compiled ??= compileProtos({ protoDir: SHIPPED_PROTOS, files: [file], includeDirs: [] }).then(({ set }) => {
    const pool = new DescriptorPool();
    pool.add(set.file);
    return pool.registry;
  });
  return compiled;
}
