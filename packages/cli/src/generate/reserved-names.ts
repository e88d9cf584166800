const KEYWORDS =
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with implements interface let package private protected public static yield arguments eval undefined any bigint boolean never number object string symbol unknown as async from of namespace type declare module abstract';

/** Globals and helpers that ts-proto's code names without `globalThis.`. */
const USED_BY_GENERATED_CODE =
  'globalThis Array BigInt Boolean Buffer Date Function Map Math NaN Number Object Partial ReadonlyArray String Uint8Array BinaryReader BinaryWriter Builtin DeepPartial MessageFns base64FromBytes bytesFromBase64 fromJsonTimestamp fromTimestamp isObject isSet timestampFractionRegex toTimestamp';

/** Names a generated type cannot have. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(`${KEYWORDS} ${USED_BY_GENERATED_CODE}`.split(' '));
