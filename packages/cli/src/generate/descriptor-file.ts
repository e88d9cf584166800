import { clone, toBinary } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { header } from './header.js';
import { outputBase, relativeImport } from './paths.js';

/** Where the descriptor of a proto goes. */
export const descriptorPath = (proto: string): string => `${outputBase(proto)}.descriptor.ts`;

/**
 * A module that holds the compiled descriptor of one proto file, for server reflection. Comments are left
 * out of it; imports are linked, so one file reaches everything it needs. `$` cannot occur in proto names.
 */
export const renderDescriptorFile = (file: FileDescriptorProto): string => {
  const content = clone(FileDescriptorProtoSchema, file);
  delete content.sourceCodeInfo;
  const bytes = toBinary(FileDescriptorProtoSchema, content);
  const own = descriptorPath(file.name);
  const imports = file.dependency.map(
    (name, index) => `import { $file as $${index} } from "${relativeImport(own, descriptorPath(name))}";`,
  );
  const chunks =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  return [
    header(file.name),
    ...imports,
    ...(imports.length > 0 ? [''] : []),
    'export interface ProtoFile {',
    '  readonly name: string;',
    '  readonly dependencies: readonly ProtoFile[];',
    '  readonly base64: string;',
    '}',
    '',
    `/** The compiled \`${file.name}\`: a google.protobuf.FileDescriptorProto in base64, and the files it imports. */`,
    'export const $file: ProtoFile = {',
    `  name: ${JSON.stringify(file.name)},`,
    `  dependencies: [${file.dependency.map((_, index) => `$${index}`).join(', ')}],`,
    '  base64:',
    ...(chunks.length === 0
      ? ['    "",']
      : chunks.map(
          (chunk, index) => `    ${index === 0 ? '' : '  '}"${chunk}"${index === chunks.length - 1 ? ',' : ' +'}`,
        )),
    '};',
    '',
  ].join('\n');
};
