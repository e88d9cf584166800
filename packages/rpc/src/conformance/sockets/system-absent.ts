/** Skips the test because this machine lacks something, which the summary of `npm test` then names. */
export function skipAsAbsent(test: { skip(): never }, what: string, why: string): never {
  console.log(`absent: ${what}, ${why}`);
  return test.skip();
}
