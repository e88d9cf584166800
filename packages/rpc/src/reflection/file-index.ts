import { fromBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { ProtoFile, ServiceDefinition } from '../method/definition.js';

interface IndexedFile {
  readonly bytes: Buffer;
  readonly dependencies: readonly string[];
}

/** The compiled files behind a set of services, by file name, by symbol and by extension. */
export class FileIndex {
  private readonly files = new Map<string, IndexedFile>();
  private readonly symbols = new Map<string, string>();
  /** `message/number` -> file */
  private readonly extensions = new Map<string, string>();

  constructor(services: readonly ServiceDefinition[]) {
    for (const service of services) if (service.file !== undefined) this.add(service.file);
  }

  /** The file of that name with everything it imports, itself first; undefined when it is unknown. */
  byName(name: string): readonly Buffer[] | undefined {
    if (!this.files.has(name)) return undefined;
    const seen = new Set<string>();
    const found: Buffer[] = [];
    const visit = (file: string): void => {
      const indexed = this.files.get(file);
      if (seen.has(file) || indexed === undefined) return;
      seen.add(file);
      found.push(indexed.bytes);
      indexed.dependencies.forEach(visit);
    };
    visit(name);
    return found;
  }

  /** The file that declares a service, method, message, field, enum or extension of that full name. */
  bySymbol(symbol: string): readonly Buffer[] | undefined {
    const name = this.symbols.get(symbol.replace(/^\./, ''));
    return name === undefined ? undefined : this.byName(name);
  }

  byExtension(message: string, number: number): readonly Buffer[] | undefined {
    const name = this.extensions.get(`${message.replace(/^\./, '')}/${number}`);
    return name === undefined ? undefined : this.byName(name);
  }

  /** Extension numbers of a message; undefined when the message is unknown. */
  extensionNumbers(message: string): readonly number[] | undefined {
    const prefix = `${message.replace(/^\./, '')}/`;
    const numbers = [...this.extensions.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => Number(key.slice(prefix.length)));
    return numbers.length > 0 || this.symbols.has(prefix.slice(0, -1)) ? numbers : undefined;
  }

  private add(file: ProtoFile): void {
    if (this.files.has(file.name)) return;
    const bytes = Buffer.from(file.base64, 'base64');
    this.files.set(file.name, { bytes, dependencies: file.dependencies.map((one) => one.name) });
    this.index(fromBinary(FileDescriptorProtoSchema, bytes));
    file.dependencies.forEach((dependency) => this.add(dependency));
  }

  private index(file: FileDescriptorProto): void {
    const name = file.name;
    const scope = file.package === '' ? '' : `${file.package}.`;
    for (const message of file.messageType) this.indexMessage(message, scope, name);
    for (const one of file.enumType) this.symbols.set(`${scope}${one.name}`, name);
    for (const service of file.service) {
      this.symbols.set(`${scope}${service.name}`, name);
      for (const method of service.method) this.symbols.set(`${scope}${service.name}.${method.name}`, name);
    }
    for (const extension of file.extension) this.indexExtension(extension, scope, name);
  }

  private indexMessage(message: DescriptorProto, scope: string, file: string): void {
    const full = `${scope}${message.name}`;
    this.symbols.set(full, file);
    for (const field of message.field) this.symbols.set(`${full}.${field.name}`, file);
    for (const one of message.enumType) this.symbols.set(`${full}.${one.name}`, file);
    for (const extension of message.extension) this.indexExtension(extension, `${full}.`, file);
    for (const nested of message.nestedType) this.indexMessage(nested, `${full}.`, file);
  }

  private indexExtension(
    extension: { name: string; extendee: string; number: number },
    scope: string,
    file: string,
  ): void {
    this.symbols.set(`${scope}${extension.name}`, file);
    this.extensions.set(`${extension.extendee.replace(/^\./, '')}/${extension.number}`, file);
  }
}
