import { cpus } from 'node:os';
import type { Contender } from '../contenders/contender.js';
import { versionOf } from '../contenders/version-of.js';

/** Of Node, the machine and everything that is measured. */
export function versions(contenders: readonly Contender[]): Readonly<Record<string, string>> {
  const packages = new Set(contenders.flatMap((one) => one.packages));
  return {
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    ...Object.fromEntries([...packages].map((name) => [name, versionOf(name)])),
  };
}
