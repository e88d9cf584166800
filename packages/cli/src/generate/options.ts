/**
 * The one pinned set of ts-proto options. Every tree Breakwater generates is made with exactly these, so
 * that a `.proto` means the same TypeScript everywhere. Each line says what goes wrong without it.
 */
const TS_PROTO_OPTIONS = {
  /** Service definitions as plain data, independent of any gRPC library; they carry `idempotencyLevel`. */
  outputServices: 'generic-definitions',
  /** int64 as bigint: a number silently loses digits (or throws) above 2^53, and money is an int64 here. */
  forceLong: 'bigint',
  /** Timestamp stays `{ seconds, nanos }`: a JS Date keeps milliseconds only. */
  useDate: 'timestamp',
  /** oneof as `{ $case, value }`: a discriminated union that the compiler can check for exhaustiveness. */
  oneof: 'unions-value',
  /** Message fields are `field?: Message | undefined`, so that they may be left out of a literal. */
  useOptionals: 'messages',
  /** Bytes are Buffers (which are Uint8Arrays). */
  env: 'node',
  /** `import x from` instead of `import * as x from`, as NodeNext wants it. */
  esModuleInterop: 'true',
  /** NodeNext resolves relative imports only with their extension. */
  importSuffix: '.js',
  /** `orders.proto` becomes `orders.pb.ts`: leaves `index.ts` and the companions free of clashes. */
  fileSuffix: '.pb',
  /** `Status.PAID` instead of `Status.STATUS_PAID`. */
  removeEnumPrefix: 'true',
  /** Enums as `as const` objects: TypeScript enums are neither erasable nor structural. */
  enumsAsLiterals: 'true',
  /** A value added by a newer peer prints as UNRECOGNIZED in JSON instead of making `toJSON` throw. */
  unrecognizedEnum: 'true',
  /** Exact types make the compiler slow and its messages unreadable, for a check literals have anyway. */
  useExactTypes: 'false',
  /** Helper types stay private to each file, else an index over two files is ambiguous. */
  exportCommonSymbols: 'false',
  /** `.proto` comments become JSDoc. */
  comments: 'true',
  /** No tool versions in the files: an upgrade that changes nothing must give no diff. */
  annotateFilesWithVersion: 'false',
} as const satisfies Readonly<Record<string, string>>;

/** The options in the form the plugin reads: `key=value,key=value`. */
export const tsProtoParameter = (): string =>
  Object.entries(TS_PROTO_OPTIONS)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
