import { Arena, type CreateAttacked } from '../attacks/arena.js';
import { Stage } from '../bad-servers/stage.js';
import { fuzzClient } from './client-fuzz.js';
import { fuzzServer } from './server-fuzz.js';
import { describeSplits } from './splits.js';

export interface FuzzOptions {
  /** Sequences against each side. Default 20,000. */
  readonly cases?: number;
  /** The first of as many seeds; a failure names its own. Default 1. */
  readonly seed?: number;
}

/**
 * Declares the mocha suite of random and damaged conversations against server and client of a transport: they never crash,
 * hang, leak or hold more than their share, and calls that do end say why.
 */
export function describeFuzz(
  name: string,
  create: CreateAttacked,
  { cases = 20_000, seed = 1 }: FuzzOptions = {},
): void {
  describe(`fuzz: ${name}`, function () {
    this.timeout(Math.max(60_000, cases * 10));
    let arena: Arena | undefined;
    let stage: Stage | undefined;
    const open = <T>(one: T | undefined): T => {
      if (one === undefined) throw new Error('no test is running');
      return one;
    };
    beforeEach(async () => {
      arena = new Arena(create, LIMIT_MS, Number.POSITIVE_INFINITY);
      stage = new Stage(() => create({}), LIMIT_MS);
      await arena.open();
    });
    afterEach(async () => {
      await stage?.dispose();
      await arena?.dispose();
    });
    fuzzServer(() => open(arena), cases, seed);
    fuzzClient(() => open(stage), cases, seed);
    describeSplits(
      () => open(arena),
      () => open(stage),
    );
  });
}

/** What one exchange may take on a machine that is busy. */
const LIMIT_MS = 20_000;
