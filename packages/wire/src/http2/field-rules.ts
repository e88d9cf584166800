import type { HeaderField } from '../hpack/header-field.js';

/** Lower-case token characters, with the colon of a pseudo header in front. @see RFC 9113, section 8.2.1 */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/**
 * No NUL, CR or LF. White space at the ends is forbidden as well, but not worth a call: servers put their messages into
 * `grpc-message` as they are, and the status would be lost with them. Go bears it too; this side does not send it.
 */
const BAD_VALUE = /[\0\r\n]/;

/** What nearly all values are. */
const PLAIN = /^[\x21-\x7e]*$/;

const CHECKED = Symbol('checked');

/**
 * What is wrong with a header field, or undefined. A table entry is checked once: its memo remembers that it was found good.
 * @see RFC 9113, section 8.2.1
 */
export function fieldProblem(name: string, value: string, field: HeaderField | undefined): string | undefined {
  if (field !== undefined) {
    if (field.memo !== undefined) return undefined;
    field.memo = CHECKED;
  }
  const problem = problemOf(name, value);
  if (problem !== undefined && field !== undefined) field.memo = undefined;
  return problem;
}

function problemOf(name: string, value: string): string | undefined {
  if (PLAIN.test(value) && NAME.test(name)) return undefined;
  if (!NAME.test(name)) return `a header name with illegal characters: ${JSON.stringify(name.slice(0, 40))}`;
  return BAD_VALUE.test(value) ? `an illegal character in the value of ${name}` : undefined;
}
