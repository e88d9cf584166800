import { createRequire } from 'node:module';
import path from 'node:path';
// What `load` of the package itself returns names types by their last part only: of two enums of one name in different
// scopes it does not tell which is meant, and it drops json_name and presence. This is the step before, which has it all.
// (Nor does it add the package's own google/protobuf/{api,type}.proto, which clash with any.proto.)
import { loadProtosWithOptionsSync } from '@grpc/proto-loader/build/src/util.js';
import { SHIPPED_PROTOS } from '../../generate/protoc.js';

/** What proto-loader made of the files: a tree of packages, types and services. */
export type LoadedRoot = ReturnType<typeof loadProtosWithOptionsSync>;
/** Whatever is declared somewhere; `filename` is null for what comes with proto-loader's parser (`google/protobuf/any.proto`). */
export type LoadedObject = LoadedRoot['nestedArray'][number];
export type LoadedMessage = ReturnType<LoadedRoot['lookupType']>;
export type LoadedEnum = ReturnType<LoadedRoot['lookupEnum']>;
export type LoadedService = ReturnType<LoadedRoot['lookupService']>;
export type LoadedField = LoadedMessage['fieldsArray'][number];

// By shape, since the classes belong to a package that only proto-loader depends on.
export const isMessage = (one: LoadedObject): one is LoadedMessage => 'fieldsArray' in one;
export const isEnum = (one: LoadedObject): one is LoadedEnum => 'valuesById' in one;
export const isService = (one: LoadedObject): one is LoadedService => 'methodsArray' in one;
export const isField = (one: LoadedObject): one is LoadedField => 'extend' in one;
/** Has something declared inside: the root, a package, a message, a service. */
export const isScope = (one: LoadedObject): one is LoadedRoot => 'nestedArray' in one;

/** The folder of `google/protobuf/*.proto`. */
const GOOGLE_PROTOS = path.join(path.dirname(createRequire(import.meta.url).resolve('protoc/package.json')), 'include');

/**
 * Loads proto files and all that they import with proto-loader.
 * @param files absolute paths @param folders where imports are looked up, first match wins; the protos that come with
 * this package follow
 * @throws Error of proto-loader for a file that it cannot read, parse or link; it names a line at best
 */
export function loadProtos(files: readonly string[], folders: readonly string[]): LoadedRoot {
  const { emitWarning } = process;
  // It warns of an import that it does not find, and fails after that. Nothing else runs meanwhile: the load is synchronous.
  process.emitWarning = () => undefined;
  try {
    return loadProtosWithOptionsSync([...files], {
      keepCase: true,
      includeDirs: [...folders, SHIPPED_PROTOS, GOOGLE_PROTOS],
    });
  } finally {
    process.emitWarning = emitWarning;
  }
}
