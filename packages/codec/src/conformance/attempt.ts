/** What came of it: a value, or the class and the words of an error. For comparing what two implementations do. */
export type Result<V> = { readonly value: V } | { readonly error: string };

/** Runs `what` and catches whatever it throws. */
export function attempt<V>(what: () => V): Result<V> {
  try {
    return { value: what() };
  } catch (error) {
    return { error: error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error) };
  }
}
