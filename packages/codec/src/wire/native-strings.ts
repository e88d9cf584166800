/** What is behind `buffer.toString` and `buffer.write`. Node has had it for as long as Buffer, but does not document it. */
export interface NativeStrings {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, offset: number, maxBytes: number): number;
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The methods of `prototype`; where there are none, what is documented does as well, some 50 ns a text slower. */
export function nativeStrings(prototype: Partial<NativeStrings>): NativeStrings {
  return {
    utf8Slice:
      prototype.utf8Slice ??
      function (start, end) {
        return asBuffer(this).toString('utf8', start, end);
      },
    utf8Write:
      prototype.utf8Write ??
      function (text, offset, maxBytes) {
        return asBuffer(this).write(text, offset, maxBytes, 'utf8');
      },
  };
}

const { utf8Slice, utf8Write } = nativeStrings(Buffer.prototype);

/** The text of `bytes[start, end)`. What is no UTF-8 becomes U+FFFD as the WHATWG says, so as TextDecoder has it. */
export const readUtf8 = (bytes: Uint8Array, start: number, end: number): string => utf8Slice.call(bytes, start, end);

/** Writes `text` and says how many bytes it took. A lone surrogate becomes U+FFFD. There must be room for all of it. */
export const writeUtf8 = (bytes: Uint8Array, text: string, offset: number): number =>
  utf8Write.call(bytes, text, offset, bytes.length - offset);

let strictDecoder: InstanceType<typeof TextDecoder> | undefined;

/** As `readUtf8`, but refuses what is no UTF-8. @throws TypeError that of TextDecoder */
export function readUtf8Strictly(bytes: Uint8Array, start: number, end: number): string {
  strictDecoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return strictDecoder.decode(bytes.subarray(start, end));
}
