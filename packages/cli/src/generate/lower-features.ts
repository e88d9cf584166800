import type { FileRegistry } from '@bufbuild/protobuf';
import { clone, create, createFileRegistry } from '@bufbuild/protobuf';
import type {
  DescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  FileDescriptorSet,
} from '@bufbuild/protobuf/wkt';
import {
  Edition,
  FeatureSet_FieldPresence,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  OneofDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { CliError } from '../errors.js';

const resolveFeatures = (set: FileDescriptorSet): FileRegistry => {
  try {
    return createFileRegistry(set);
  } catch (error) {
    const latest = set.file.reduce(
      (highest, file) => (file.edition > (highest?.edition ?? Edition.EDITION_UNKNOWN) ? file : highest),
      set.file[0],
    );
    throw new CliError(`${latest?.name ?? 'a proto'}: ${error instanceof Error ? error.message : String(error)}`, {
      remedy: 'Write it in edition 2024 or older, or in proto3.',
      cause: error,
    });
  }
};

const qualify = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

/** The oneof of its own with which proto3 marks an `optional` field. */
const addSyntheticOneof = (message: DescriptorProto, field: FieldDescriptorProto): void => {
  const used = new Set([...message.oneofDecl, ...message.field].map(({ name }) => name));
  let name = `_${field.name}`;
  while (used.has(name)) name = `X${name}`;
  field.proto3Optional = true;
  field.oneofIndex = message.oneofDecl.length;
  message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name }));
};

const lowerMessage = (message: DescriptorProto, scope: string, registry: FileRegistry): void => {
  const fullName = qualify(scope, message.name);
  for (const nested of message.nestedType) lowerMessage(nested, fullName, registry);
  // A map entry is known by its own rules, whatever the features say.
  if (message.options?.mapEntry === true) return;
  const resolved = new Map(registry.getMessage(fullName)?.fields.map((field) => [field.number, field]));
  for (const field of message.field) {
    const features = resolved.get(field.number);
    if (features === undefined) continue;
    if (field.label === FieldDescriptorProto_Label.REQUIRED) field.label = FieldDescriptorProto_Label.OPTIONAL;
    field.defaultValue = '';
    const single = features.fieldKind === 'scalar' || features.fieldKind === 'enum';
    if (single && features.oneof === undefined && features.presence !== FeatureSet_FieldPresence.IMPLICIT)
      addSyntheticOneof(message, field);
    if ('delimitedEncoding' in features && features.delimitedEncoding) field.type = FieldDescriptorProto_Type.GROUP;
    if (features.fieldKind === 'list') {
      field.options ??= create(FieldOptionsSchema);
      field.options.packed = features.packed;
    }
  }
};

/**
 * Expresses proto2 and editions in terms of proto3, the only dialect whose rules ts-proto knows: left alone,
 * it would lose field presence and send delimited messages with a length. Only what the generator reads
 * changes; the bytes on the wire become what the proto says.
 *
 * - a scalar or enum with presence, required ones too, is an `optional` one: `T | undefined`, and sent
 *   whenever it is set;
 * - a declared default is not filled in for an absent field;
 * - delimited messages are groups, `packed` is said on every list;
 * - extensions are not read.
 *
 * @returns the proto3 files as they are, of the others lowered copies
 * @throws CliError for an edition that is not supported yet
 */
export const lowerFeatures = (set: FileDescriptorSet): readonly FileDescriptorProto[] => {
  if (set.file.every((file) => file.syntax === 'proto3')) return set.file;
  const registry = resolveFeatures(set);
  return set.file.map((original) => {
    if (original.syntax === 'proto3' || original.package === 'google.protobuf') return original;
    const file = clone(FileDescriptorProtoSchema, original);
    for (const message of file.messageType) lowerMessage(message, file.package, registry);
    file.syntax = 'proto3';
    file.edition = Edition.EDITION_UNKNOWN;
    return file;
  });
};
