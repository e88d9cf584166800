import { setTimeout as wait } from 'node:timers/promises';

const LIMIT_MS = 8000;
const EVERY_MS = 10;

/** What `look` gives once it is neither undefined nor false. @throws Error saying `what` was awaited, after a generous limit */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = LIMIT_MS,
): Promise<Exclude<T, undefined | false>> {
  const until = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > until) throw new Error(`${what}: not within ${limitMs} ms`);
    await wait(EVERY_MS);
  }
}
