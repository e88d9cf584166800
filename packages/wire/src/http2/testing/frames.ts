/** A frame as RFC 9113 section 4.1 draws it. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The bytes of a frame. */
export function frameBytes({ type, flags, streamId, payload }: Frame): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Cuts bytes that hold whole frames only. @throws Error when some are left over */
export function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.length < 9 ? Number.POSITIVE_INFINITY : 9 + rest.readUIntBE(0, 3);
    if (end > rest.length) throw new Error(`${rest.length} bytes are no whole frame: ${rest.toString('hex', 0, 20)}`);
    const streamId = rest.readUInt32BE(5) % 2 ** 31;
    frames.push({ type: rest.readUInt8(3), flags: rest.readUInt8(4), streamId, payload: rest.subarray(9, end) });
    rest = rest.subarray(end);
  }
  return frames;
}

/** Frames as plain values: quick to compare, and readable when they differ. */
export const told = (frames: readonly Frame[]): object[] =>
  frames.map((frame) => ({ ...frame, payload: frame.payload.toString('latin1') }));
