import { clone } from '@bufbuild/protobuf';
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { RESERVED_NAMES } from './reserved-names.js';

/** ts-proto's rule for the name of a type: `foo_bar` becomes `fooBar`, `FOO_BAR` becomes `fooBar`. */
const typeName = (name: string): string => {
  if (!name.includes('_')) return name;
  const mixed = /[a-z]/.test(name);
  return name
    .split('_')
    .map((word) => (mixed ? word : word.toLowerCase()))
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
};

interface Scope {
  /** Old full name (`.pkg.Outer.Inner`) -> new one. */
  readonly renamed: Map<string, string>;
  /** TypeScript names in use in this proto package. */
  readonly taken: Set<string>;
}

/** The types directly inside a file or message, under their old and new parents. */
interface Level {
  readonly messages: readonly DescriptorProto[];
  readonly enums: readonly EnumDescriptorProto[];
  readonly oldPrefix: string;
  readonly newPrefix: string;
  readonly codePrefix: string;
}

const settle = (type: DescriptorProto | EnumDescriptorProto, suffix: string, level: Level, scope: Scope): void => {
  const oldName = `${level.oldPrefix}.${type.name}`;
  while (
    scope.taken.has(level.codePrefix + typeName(type.name)) ||
    RESERVED_NAMES.has(level.codePrefix + typeName(type.name))
  )
    type.name += suffix;
  scope.taken.add(level.codePrefix + typeName(type.name));
  scope.renamed.set(oldName, `${level.newPrefix}.${type.name}`);
};

/** Settles one level after the other: of an outer and a nested type that clash, the outer keeps its name. */
const settleLevels = (levels: readonly Level[], scope: Scope): void => {
  if (levels.length === 0) return;
  const deeper: Level[] = [];
  for (const level of levels) {
    for (const type of level.enums) settle(type, 'Enum', level, scope);
    for (const type of level.messages) {
      const oldPrefix = `${level.oldPrefix}.${type.name}`;
      settle(type, 'Message', level, scope);
      deeper.push({
        messages: type.nestedType,
        enums: type.enumType,
        oldPrefix,
        newPrefix: `${level.newPrefix}.${type.name}`,
        codePrefix: `${level.codePrefix}${typeName(type.name)}_`,
      });
    }
  }
  settleLevels(deeper, scope);
};

const fieldsOf = (messages: readonly DescriptorProto[]): readonly FieldDescriptorProto[] =>
  messages.flatMap((message) => [...message.field, ...message.extension, ...fieldsOf(message.nestedType)]);

/**
 * Gives another TypeScript name to every type whose own would not compile: a keyword (`class`), a global
 * that the generated code uses (`Buffer`), or one that another type or a service of the package has already
 * (`Foo_Bar` beside `FooBar`, `FooDefinition` beside the service `Foo`). The suffix is `Message` or `Enum`.
 * Only the names in the code change; nothing on the wire, in JSON or in reflection does.
 *
 * @returns copies; the descriptors passed in stay as they are
 */
export const renameTypes = (originals: readonly FileDescriptorProto[]): readonly FileDescriptorProto[] => {
  const files = originals.map((file) => clone(FileDescriptorProtoSchema, file));
  const renamed = new Map<string, string>();
  const packages = new Set(files.map((file) => file.package));
  // ts-proto knows the well-known types by name and treats them specially.
  packages.delete('google.protobuf');
  for (const name of packages) {
    const members = files.filter((file) => file.package === name);
    // ts-proto's helpers for google.protobuf.Timestamp name it without regard to a type of the package.
    const timestamps = members.some((file) => file.dependency.includes('google/protobuf/timestamp.proto'))
      ? ['Timestamp']
      : [];
    const taken = new Set([
      ...timestamps,
      ...members.flatMap((file) => file.service.map((service) => `${service.name}Definition`)),
    ]);
    const prefix = name === '' ? '' : `.${name}`;
    settleLevels(
      members.map((file) => ({
        messages: file.messageType,
        enums: file.enumType,
        oldPrefix: prefix,
        newPrefix: prefix,
        codePrefix: '',
      })),
      { renamed, taken },
    );
  }
  const current = (name: string): string => renamed.get(name) ?? name;
  for (const file of files) {
    for (const field of [...file.extension, ...fieldsOf(file.messageType)]) {
      if (field.typeName !== '') field.typeName = current(field.typeName);
      if (field.extendee !== '') field.extendee = current(field.extendee);
    }
    for (const method of file.service.flatMap((service) => service.method)) {
      method.inputType = current(method.inputType);
      method.outputType = current(method.outputType);
    }
  }
  return files;
};
