import { header } from './header.js';
import { relativeImport } from './paths.js';

/** One module of a proto package: which package it belongs to and where it is. */
export interface PackageModule {
  /** `shop.orders.v1`; empty for a file without package. */
  readonly package: string;
  readonly path: string;
}

const indexPath = (segments: readonly string[]): string => [...segments, 'index.ts'].join('/');

/**
 * One `index.ts` per proto package: everything the package defines by name, and each package inside it as a
 * namespace. So `shop.orders.v1.Status` and `shop.payments.v1.Status` are both reachable from the root
 * index, and `./shop/orders/v1/index.js` gives one package directly.
 */
export const renderIndexFiles = (modules: readonly PackageModule[]): ReadonlyMap<string, string> => {
  const members = new Map<string, Set<string>>();
  const children = new Map<string, Set<string>>();
  const at = <K>(map: Map<K, Set<string>>, key: K): Set<string> => {
    const known = map.get(key);
    if (known !== undefined) return known;
    const fresh = new Set<string>();
    map.set(key, fresh);
    return fresh;
  };
  at(members, '');
  for (const module of modules) {
    at(members, module.package).add(module.path);
    const segments = module.package === '' ? [] : module.package.split('.');
    segments.forEach((segment, depth) => {
      at(children, segments.slice(0, depth).join('.')).add(segment);
      at(members, segments.slice(0, depth + 1).join('.'));
    });
  }
  return new Map(
    [...members.keys()].sort().map((name) => {
      const segments = name === '' ? [] : name.split('.');
      const own = indexPath(segments);
      const lines = [
        header(),
        '/* eslint-disable */',
        ...[...at(members, name)].sort().map((path) => `export * from "${relativeImport(own, path)}";`),
        ...[...at(children, name)]
          .sort()
          .map((child) => `export * as ${child} from "${relativeImport(own, indexPath([...segments, child]))}";`),
      ];
      return [own, `${lines.join('\n')}\n`] as const;
    }),
  );
};
