const PREFIX_BYTES = 4;

/** A message as the runner and its programs exchange them: four bytes of length, big-endian, and the message. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed.writeUInt32BE(message.length);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** The messages of a byte stream, until it ends. @throws Error when it ends inside a message */
export async function* frames(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending = Buffer.alloc(0);
  for await (const chunk of input) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + pending.readUInt32BE();
      if (pending.length < end) break;
      yield pending.subarray(PREFIX_BYTES, end);
      pending = pending.subarray(end);
    }
  }
  if (pending.length > 0) throw new Error(`the input ends inside a message, after ${pending.length} bytes of it`);
}
