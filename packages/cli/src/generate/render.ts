import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { companionPath, renderCompanion } from './companion.js';
import { descriptorPath, renderDescriptorFile } from './descriptor-file.js';
import { finishCode } from './finish-code.js';
import { renderIndexFiles } from './index-files.js';
import { lowerFeatures } from './lower-features.js';
import { codePath } from './paths.js';
import { runTsProto } from './plugin.js';
import { renameTypes } from './rename-types.js';

/** What to emit beside the messages. */
export interface RenderOptions {
  /** Typed server, client and factory per service, and an index per package. They import @breakwater/rpc and @breakwater/service. */
  readonly companions: boolean;
}

const IMPORT = /^import (?:type )?[^;]*? from "(\.[^"]+)\.js";$/gm;

const importsOf = (path: string, code: string): readonly string[] => {
  const base = new URL(`file:///${path}`);
  return [...code.matchAll(IMPORT)].map((match) =>
    decodeURIComponent(new URL(`${match[1]}.ts`, base).pathname.slice(1)),
  );
};

/** The files reachable from `roots`: an import used only for its options (`google/api/annotations`) needs no code. */
const reachable = (roots: readonly string[], files: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const kept = new Map<string, string>();
  const visit = (path: string): void => {
    const code = files.get(path);
    if (code === undefined || kept.has(path)) return;
    kept.set(path, code);
    importsOf(path, code).forEach(visit);
  };
  roots.forEach(visit);
  return kept;
};

const EXPORTED = /^export (?:const|type|interface|function|namespace) ([A-Za-z0-9_$]+)/gm;

/**
 * The whole generated tree, by path relative to the output folder.
 *
 * @param set linked descriptors, dependencies first @param names those that were asked for
 */
export const renderTree = async (
  set: FileDescriptorSet,
  names: readonly string[],
  options: RenderOptions,
): Promise<ReadonlyMap<string, string>> => {
  const files = set.file;
  const raw = await runTsProto(renameTypes(lowerFeatures(set)), names);
  const all = new Map<string, string>();
  for (const file of files) {
    const code = raw.get(codePath(file.name));
    if (code === undefined) continue;
    all.set(codePath(file.name), finishCode(file, code));
    all.set(descriptorPath(file.name), renderDescriptorFile(file));
  }
  const tree = new Map(reachable(names.map(codePath), all));
  if (!options.companions) return tree;

  const present = files.filter((file) => tree.has(codePath(file.name)));
  const exported = new Map<string, Set<string>>();
  for (const file of present) {
    const names = [...(tree.get(codePath(file.name)) ?? '').matchAll(EXPORTED)].map((match) => match[1] ?? '');
    exported.set(file.package, new Set([...(exported.get(file.package) ?? []), ...names]));
  }
  const modules = present.map((file) => ({ package: file.package, path: codePath(file.name) }));
  for (const file of present) {
    if (file.service.length === 0 || !names.includes(file.name)) continue;
    const path = companionPath(file.name);
    tree.set(path, renderCompanion(file, exported.get(file.package) ?? new Set()));
    modules.push({ package: file.package, path });
  }
  for (const [path, code] of renderIndexFiles(modules)) tree.set(path, code);
  return tree;
};
