import { isEnum, isMessage, isScope, type LoadedObject, type LoadedRoot } from './load-protos.js';

/** A message or enum that a field or method refers to. */
export interface NamedType {
  /** With a leading dot, as in descriptors. */
  readonly fullName: string;
  readonly kind: 'message' | 'enum';
  /** Path of the file that declares it; null for what comes with proto-loader's parser. */
  readonly file: string | null;
}

/** The messages and enums of loaded files by full name, and what a name written in some scope means. */
export class TypeNames {
  private readonly types = new Map<string, NamedType>();

  constructor(root: LoadedRoot) {
    this.collect(root);
  }

  /**
   * The innermost declaration of that name, going outwards from the scope, as protobuf has it. (proto-loader's own
   * resolution also looks into messages and packages beside the way, and may find a type of another scope there.)
   * @param name as written: `Status`, `v1.Status`, `.acme.v1.Status` @param scope full name of where it is written
   * @throws Error when there is none
   * @see https://protobuf.dev/programming-guides/proto3/#name-resolution
   */
  resolve(name: string, scope: string): NamedType {
    if (name.startsWith('.')) return this.types.get(name) ?? unresolved(name, scope);
    for (let outer = scope; ; outer = outer.slice(0, outer.lastIndexOf('.'))) {
      const found = this.types.get(`${outer}.${name}`);
      if (found !== undefined) return found;
      if (outer === '') return unresolved(name, scope);
    }
  }

  private collect(scope: LoadedRoot): void {
    for (const one of scope.nestedArray) {
      const kind = kindOf(one);
      if (kind !== undefined) this.types.set(one.fullName, { fullName: one.fullName, kind, file: one.filename });
      if (isScope(one)) this.collect(one);
    }
  }
}

const kindOf = (one: LoadedObject): NamedType['kind'] | undefined =>
  isMessage(one) ? 'message' : isEnum(one) ? 'enum' : undefined;

function unresolved(name: string, scope: string): never {
  throw new Error(`${scope}: there is no type ${name}`);
}
