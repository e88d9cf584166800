import type { Case } from '../case.js';
import { codecCases } from './codec.js';
import { hpackCases } from './hpack.js';
import { mechanismCases } from './mechanisms.js';
import { policyCases } from './policies.js';
import { stackCases } from './stacks.js';

/** Everything that is measured, from the smallest to the whole. */
export const allCases = async (): Promise<readonly Case[]> => [
  ...mechanismCases(),
  ...policyCases(),
  ...(await stackCases()),
  ...codecCases(),
  ...(await hpackCases()),
];
