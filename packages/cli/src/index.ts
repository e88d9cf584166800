export { CliError } from './errors.js';
export type { GenerateOptions, GenerateResult } from './generate/generate.js';
export { generate } from './generate/generate.js';
export type { TreeDifference } from './generate/output-tree.js';
