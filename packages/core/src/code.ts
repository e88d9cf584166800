/**
 * The seventeen gRPC status codes, with their wire numbers.
 * @see https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
 */
export enum Code {
  OK = 0,
  CANCELLED = 1,
  UNKNOWN = 2,
  INVALID_ARGUMENT = 3,
  DEADLINE_EXCEEDED = 4,
  NOT_FOUND = 5,
  ALREADY_EXISTS = 6,
  PERMISSION_DENIED = 7,
  RESOURCE_EXHAUSTED = 8,
  FAILED_PRECONDITION = 9,
  ABORTED = 10,
  OUT_OF_RANGE = 11,
  UNIMPLEMENTED = 12,
  INTERNAL = 13,
  UNAVAILABLE = 14,
  DATA_LOSS = 15,
  UNAUTHENTICATED = 16,
}

/** The name of a code, such as `NOT_FOUND`. */
export type CodeName = keyof typeof Code;

/** The name of `code`, or `UNKNOWN` for a number outside 0..16. */
export const codeName = (code: Code): CodeName => (Code[code] as CodeName | undefined) ?? 'UNKNOWN';

/** Any wire number as a code: numbers outside 0..16 become `UNKNOWN`, as the gRPC protocol asks of clients. */
export const toCode = (value: number): Code => (Code[value] === undefined ? Code.UNKNOWN : value);

/** The code of a name such as `NOT_FOUND`, or undefined when there is none. */
export const codeFromName = (name: string): Code | undefined =>
  Object.hasOwn(Code, name) && !/^\d/.test(name) ? Code[name as CodeName] : undefined;
