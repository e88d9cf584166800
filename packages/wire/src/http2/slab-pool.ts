/** Room for the output of one tick of a busy connection. */
export const SLAB_BYTES = 64 * 1024;
const KEPT = 16;

const free: Buffer[] = [];

/** A slab for the output of one connection in one tick: an idle connection owns none. Its content is arbitrary. */
export const takeSlab = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);

/** Gives a slab back that nobody reads any more. */
export function giveBackSlab(slab: Buffer): void {
  if (free.length < KEPT && slab.length === SLAB_BYTES) free.push(slab);
}
