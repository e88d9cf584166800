import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProtoSchema,
  FeatureSet_FieldPresence,
  FieldDescriptorProto_Label as Label,
  type FieldDescriptorProtoSchema,
  FieldDescriptorProto_Type as Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel,
  type ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import {
  isEnum,
  isField,
  isMessage,
  isScope,
  isService,
  type LoadedEnum,
  type LoadedField,
  type LoadedMessage,
  type LoadedObject,
  type LoadedRoot,
  type LoadedService,
} from './load-protos.js';
import { featuresOf } from './loaded-features.js';
import { TypeNames } from './type-names.js';

type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>;
type EnumInit = MessageInitShape<typeof EnumDescriptorProtoSchema>;
type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;
type ServiceInit = MessageInitShape<typeof ServiceDescriptorProtoSchema>;

/**
 * What proto-loader loaded as the descriptors that protoc would make, except that every file is written as one of
 * edition 2023 whose features say how it behaves, and that defaults, comments and most options are left out: nothing in
 * a call depends on them. Files are named by their absolute paths; what comes with the parser is left out, since
 * everybody has it.
 * @throws Error for a type that is not there
 */
export function toDescriptors(root: LoadedRoot): readonly FileDescriptorProto[] {
  const names = new TypeNames(root);
  const files = new Map<string, FileBuilder>();
  const visit = (scope: LoadedRoot): void => {
    for (const one of scope.nestedArray) {
      if (isScope(one) && !isMessage(one) && !isService(one)) visit(one);
      else if (one.filename !== null) {
        const file = files.get(one.filename) ?? new FileBuilder(one.filename, scope.fullName.slice(1), names);
        files.set(one.filename, file);
        file.add(one);
      }
    }
  };
  visit(root);
  return [...files.values()].map((file) => file.build());
}

class FileBuilder {
  private readonly dependencies = new Set<string>();
  private readonly messages: MessageInit[] = [];
  private readonly enums: EnumInit[] = [];
  private readonly extensions: FieldInit[] = [];
  private readonly services: ServiceInit[] = [];

  constructor(
    private readonly name: string,
    private readonly packageName: string,
    private readonly names: TypeNames,
  ) {}

  add(one: LoadedObject): void {
    if (isMessage(one)) this.messages.push(this.message(one));
    else if (isEnum(one)) this.enums.push(toEnum(one));
    else if (isService(one)) this.services.push(this.service(one));
    else if (isField(one)) this.extensions.push(this.field(one));
  }

  build(): FileDescriptorProto {
    return create(FileDescriptorProtoSchema, {
      ...{ name: this.name, package: this.packageName, syntax: 'editions', edition: Edition.EDITION_2023 },
      dependency: [...this.dependencies],
      ...{ messageType: this.messages, enumType: this.enums, extension: this.extensions, service: this.services },
    });
  }

  private message(message: LoadedMessage): MessageInit {
    // An extension is listed among the fields of what it extends as well.
    const fields = message.fieldsArray.filter(({ declaringField }) => declaringField === null);
    const oneofs = message.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
    return {
      name: message.name,
      field: fields.map((field) => {
        const oneofIndex = oneofs.findIndex((oneof) => oneof === field.partOf);
        return { ...this.field(field), ...(oneofIndex < 0 ? {} : { oneofIndex }) };
      }),
      oneofDecl: oneofs.map(({ name }) => ({ name })),
      nestedType: [
        ...fields.filter(isMap).map((field) => this.mapEntry(field)),
        ...message.nestedArray.filter(isMessage).map((one) => this.message(one)),
      ],
      enumType: message.nestedArray.filter(isEnum).map(toEnum),
      extension: message.nestedArray.filter(isField).map((field) => this.field(field)),
    };
  }

  private field(field: LoadedField): FieldInit {
    const scope = field.parent?.fullName ?? '';
    const features = featuresOf(field);
    if (field.partOf?.isProto3Optional === true) features.fieldPresence = FeatureSet_FieldPresence.EXPLICIT;
    return {
      ...{ name: field.name, number: field.id },
      jsonName: (field.options?.json_name as string | undefined) ?? camelCase(field.name),
      ...(isMap(field)
        ? { type: Type.MESSAGE, typeName: `${scope}.${entryName(field)}` }
        : this.reference(field.type, scope)),
      label: field.repeated || isMap(field) ? Label.REPEATED : Label.OPTIONAL,
      ...(field.extend === undefined ? {} : { extendee: this.use(field.extend, scope).fullName }),
      options: { features },
    };
  }

  private mapEntry(field: LoadedMap): MessageInit {
    const features = featuresOf(field);
    const side = (name: string, number: number, type: string): FieldInit => ({
      ...{ name, number, jsonName: name, label: Label.OPTIONAL, options: { features } },
      ...this.reference(type, field.parent?.fullName ?? ''),
    });
    return {
      name: entryName(field),
      field: [side('key', 1, field.keyType), side('value', 2, field.type)],
      options: { mapEntry: true },
    };
  }

  private service(service: LoadedService): ServiceInit {
    return {
      name: service.name,
      method: service.methodsArray.map((method) => ({
        name: method.name,
        inputType: this.use(method.requestType, service.fullName).fullName,
        outputType: this.use(method.responseType, service.fullName).fullName,
        clientStreaming: method.requestStream === true,
        serverStreaming: method.responseStream === true,
        options: { idempotencyLevel: idempotencyOf(method.options?.idempotency_level) },
      })),
    };
  }

  private reference(type: string, scope: string): Pick<FieldInit, 'type' | 'typeName'> {
    const scalar = SCALARS.get(type);
    if (scalar !== undefined) return { type: scalar };
    const { fullName, kind } = this.use(type, scope);
    return { type: kind === 'enum' ? Type.ENUM : Type.MESSAGE, typeName: fullName };
  }

  private use(name: string, scope: string): ReturnType<TypeNames['resolve']> {
    const found = this.names.resolve(name, scope);
    if (found.file !== null && found.file !== this.name) this.dependencies.add(found.file);
    return found;
  }
}

type LoadedMap = LoadedField & { readonly keyType: string };

const isMap = (field: LoadedField): field is LoadedMap => field.map;

/** As protoc names it, so that it never meets a message of the proto. */
const entryName = ({ name }: LoadedField): string => `${capitalize(camelCase(name))}Entry`;

const camelCase = (name: string): string => name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());

const capitalize = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const toEnum = (one: LoadedEnum): EnumInit => ({
  name: one.name,
  value: Object.entries(one.values).map(([name, number]) => ({ name, number })),
  options: { features: featuresOf(one) },
});

const idempotencyOf = (level: unknown): MethodOptions_IdempotencyLevel =>
  MethodOptions_IdempotencyLevel[level as keyof typeof MethodOptions_IdempotencyLevel] ??
  MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;

/** `int32` and the like; groups are messages with a feature. */
const SCALARS: ReadonlyMap<string, Type> = new Map(
  Object.entries(Type).flatMap(([name, type]) =>
    typeof type === 'number' && ![Type.GROUP, Type.MESSAGE, Type.ENUM].includes(type)
      ? [[name.toLowerCase(), type]]
      : [],
  ),
);
