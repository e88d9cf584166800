/** Edit distance of two short strings. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The candidate that needs the fewest edits; the first one on a tie. @throws RangeError without candidates */
export function nearest(word: string, candidates: readonly string[]): string {
  const [best] = [...candidates].sort((a, b) => editDistance(word, a) - editDistance(word, b));
  if (best === undefined) throw new RangeError('nearest needs at least one candidate');
  return best;
}
