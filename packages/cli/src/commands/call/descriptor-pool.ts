import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf';
import {
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { CliError } from '../../errors.js';

/** What everybody has: servers may leave these out of what they tell. */
const WELL_KNOWN: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map(({ proto }) => [proto.name, proto]),
);

/** Compiled proto files as they become known, and the types in them. */
export class DescriptorPool {
  private readonly files = new Map<string, FileDescriptorProto>();
  private built: FileRegistry | undefined;

  /** Files known already are passed over. */
  add(files: readonly FileDescriptorProto[]): void {
    for (const file of files) {
      if (this.files.has(file.name)) continue;
      this.files.set(file.name, file);
      this.built = undefined;
    }
  }

  /** Imports that nobody has supplied. */
  missing(): readonly string[] {
    const names = [...this.files.values()].flatMap(({ dependency }) => dependency);
    return [...new Set(names)].filter((name) => !this.files.has(name) && !WELL_KNOWN.has(name));
  }

  /** The types of all files. @throws CliError when a file is broken or an import is missing */
  get registry(): FileRegistry {
    this.built ??= this.build();
    return this.built;
  }

  private build(): FileRegistry {
    const ordered = new Map<string, FileDescriptorProto>();
    const open = new Set<string>();
    const visit = (name: string): void => {
      if (ordered.has(name)) return;
      if (open.has(name))
        throw new CliError(`the descriptors cannot be used: ${name} imports itself, by way of others`);
      open.add(name);
      const file = this.files.get(name) ?? WELL_KNOWN.get(name);
      if (file === undefined)
        throw new CliError(`the descriptors are incomplete: ${name} is imported, but nobody has it`);
      for (const dependency of file.dependency) if (dependency !== name) visit(dependency);
      ordered.set(name, file);
    };
    // Any and the wrappers are needed to read JSON even when no file imports them.
    for (const name of [...WELL_KNOWN.keys(), ...this.files.keys()]) visit(name);
    try {
      return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered.values()] }));
    } catch (error) {
      throw new CliError(`the descriptors cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}
