import { createRequire } from 'node:module';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';
import { CliError } from '../errors.js';
import { tsProtoParameter } from './options.js';
import { runChild } from './protoc.js';

const require = createRequire(import.meta.url);

/**
 * Runs ts-proto over linked descriptors, speaking protoc's plugin protocol to it.
 *
 * @param files dependencies first @param names the files asked for; what they import is generated too
 * @returns generated text by path
 */
export const runTsProto = async (
  files: readonly FileDescriptorProto[],
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...names],
    parameter: tsProtoParameter(),
    protoFile: [...files],
  });
  const plugin = require.resolve('ts-proto/build/src/plugin.js');
  const result = await runChild(process.execPath, [plugin], { input: toBinary(CodeGeneratorRequestSchema, request) });
  if (result.code !== 0) {
    throw new CliError(`ts-proto failed: ${(result.stderr.split('\n')[0] ?? '').replace(/^FAILED!/, '')}`, {
      remedy: 'If the protos compile with protoc, this is a defect of the generator: report it with the proto.',
      cause: result.stderr,
    });
  }
  const response = fromBinary(CodeGeneratorResponseSchema, result.stdout);
  if (response.error !== '') throw new CliError(`ts-proto refused the protos: ${response.error}`);
  return new Map(response.file.map((file) => [file.name, file.content]));
};
