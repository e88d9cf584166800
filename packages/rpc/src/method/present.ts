/** The message of a request, when there is one: the codec would only say of which property of undefined it wanted to read. @throws TypeError */
export function presentMessage(message: unknown): unknown {
  if (message !== undefined && message !== null) return message;
  throw new TypeError(`it is ${String(message)}; pass a message, {} for an empty one`);
}
