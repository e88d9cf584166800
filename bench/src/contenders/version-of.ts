import { createRequire } from 'node:module';

/** The installed version of a package. */
export const versionOf = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }).version;
