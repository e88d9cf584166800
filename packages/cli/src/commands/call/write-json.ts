import {
  create,
  createFileRegistry,
  createMutableRegistry,
  type DescMessage,
  type FileRegistry,
  type JsonValue,
  type Message,
  type MutableRegistry,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { TypeSource } from './type-source.js';

const UNKNOWN_TYPE = /"(?:[^"]*\/)?([^"/]+)" is not in the type registry/;

/**
 * Writes messages as proto3 JSON, with fields at their defaults. The type of an Any that is not known yet is asked for;
 * when nobody knows it, the Any is written with its type alone.
 */
export class JsonWriter {
  private readonly types: MutableRegistry;

  constructor(
    types: FileRegistry,
    private readonly source: TypeSource,
  ) {
    this.types = createMutableRegistry(types);
  }

  async write(desc: DescMessage, message: Message): Promise<JsonValue> {
    for (;;) {
      try {
        return toJson(desc, message, { registry: this.types, alwaysEmitImplicit: true });
      } catch (error) {
        const name = UNKNOWN_TYPE.exec(error instanceof Error ? error.message : '')?.[1];
        if (name === undefined || this.types.getMessage(name) !== undefined) throw error;
        await this.learn(name);
      }
    }
  }

  private async learn(name: string): Promise<void> {
    const types = await this.source.find(name);
    for (const type of types ?? []) this.types.add(type);
    if (this.types.getMessage(name) === undefined) this.types.add(opaque(name));
  }
}

/** A message type without fields, in the place of one that nobody knows. */
function opaque(name: string): DescMessage {
  const dot = name.lastIndexOf('.');
  const file = create(FileDescriptorProtoSchema, {
    name: `${name}.proto`,
    package: dot < 0 ? '' : name.slice(0, dot),
    syntax: 'proto3',
    messageType: [{ name: name.slice(dot + 1) }],
  });
  const desc = createFileRegistry(file, () => undefined).getMessage(name);
  if (desc === undefined) throw new Error(`defect: no descriptor for ${name}`);
  return desc;
}
