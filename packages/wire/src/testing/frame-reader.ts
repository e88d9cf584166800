import { HpackReader } from './hpack-reader.js';
import type { Field } from './literals.js';
import { CODE, FLAG, nameIn, SETTING, TYPE } from './numbers.js';

/** A frame that came, with what it says. Only the fields of its type are set. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
  readonly ack: boolean;
  readonly endStream: boolean;
  /** HEADERS and the CONTINUATION that ends a block: the whole list. */
  readonly fields?: readonly Field[];
  /** DATA: without padding. */
  readonly content?: Buffer;
  /** RST_STREAM, GOAWAY. */
  readonly code?: number;
  /** GOAWAY. */
  readonly lastStream?: number;
  readonly debug?: string;
  /** WINDOW_UPDATE. */
  readonly increment?: number;
  /** SETTINGS. */
  readonly settings?: ReadonlyMap<number, number>;
}

/** Cuts a byte stream into frames, whatever the pieces it comes in. Legal frames only: the peer under test sends no others. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private block: Buffer[] = [];
  private readonly hpack = new HpackReader();

  /** Bytes that are no whole frame yet. */
  get pending(): Buffer {
    return this.rest;
  }

  /** @throws Error when a header block cannot be read */
  push(bytes: Uint8Array): readonly Frame[] {
    this.rest = this.rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.rest, bytes]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.rest.length - at >= 9) {
      const end = at + 9 + this.rest.readUIntBE(at, 3);
      if (this.rest.length < end) break;
      frames.push(this.decode(this.rest.subarray(at, at + 9), this.rest.subarray(at + 9, end)));
      at = end;
    }
    this.rest = this.rest.subarray(at);
    return frames;
  }

  private decode(head: Buffer, payload: Buffer): Frame {
    const type = head[3] ?? 0;
    const flags = head[4] ?? 0;
    const stream = head.readUInt32BE(5) & 0x7fffffff;
    const body = type === TYPE.DATA || type === TYPE.HEADERS;
    const frame = {
      type,
      flags,
      stream,
      payload,
      ack: (type === TYPE.SETTINGS || type === TYPE.PING) && (flags & FLAG.ACK) !== 0,
      endStream: body && (flags & FLAG.END_STREAM) !== 0,
    };
    if (type === TYPE.HEADERS || type === TYPE.CONTINUATION) return { ...frame, ...this.fields(type, flags, payload) };
    if (type === TYPE.DATA) return { ...frame, content: unpadded(flags, payload) };
    if (type === TYPE.RST_STREAM) return { ...frame, code: payload.readUInt32BE() };
    if (type === TYPE.WINDOW_UPDATE) return { ...frame, increment: payload.readUInt32BE() };
    if (type === TYPE.SETTINGS) return { ...frame, settings: settingsOf(payload) };
    if (type !== TYPE.GOAWAY) return frame;
    const debug = payload.subarray(8).toString();
    return { ...frame, lastStream: payload.readUInt32BE() & 0x7fffffff, code: payload.readUInt32BE(4), debug };
  }

  private fields(type: number, flags: number, payload: Buffer): { fields?: readonly Field[] } {
    let part = type === TYPE.HEADERS ? unpadded(flags, payload) : payload;
    if (type === TYPE.HEADERS && (flags & FLAG.PRIORITY) !== 0) part = part.subarray(5);
    this.block.push(part);
    if ((flags & FLAG.END_HEADERS) === 0) return {};
    return { fields: this.hpack.read(Buffer.concat(this.block.splice(0))) };
  }
}

const unpadded = (flags: number, payload: Buffer): Buffer =>
  (flags & FLAG.PADDED) === 0 ? payload : payload.subarray(1, payload.length - (payload[0] ?? 0));

function settingsOf(payload: Buffer): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  for (let at = 0; at + 6 <= payload.length; at += 6)
    values.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  return values;
}

/** One line about a frame, for the messages of failed tests. */
export function describeFrame({ type, stream, ack, endStream, content, code, debug, ...frame }: Frame): string {
  const said = [
    content === undefined ? '' : `${content.length} bytes`,
    frame.fields?.map(([name, value]) => `${name}: ${value}`).join(', ') ?? '',
    code === undefined ? '' : nameIn(CODE, code),
    debug === undefined || debug === '' ? '' : JSON.stringify(debug),
    frame.lastStream === undefined ? '' : `last stream ${frame.lastStream}`,
    frame.increment === undefined ? '' : `+${frame.increment}`,
    [...(frame.settings ?? [])].map(([id, value]) => `${nameIn(SETTING, id)}=${value}`).join(' '),
  ].filter((part) => part !== '');
  const flags = `${ack ? ' ACK' : ''}${endStream ? ' END_STREAM' : ''}`;
  return `${nameIn(TYPE, type)}${stream === 0 ? '' : ` ${stream}`}${flags}${said.length === 0 ? '' : ` (${said.join('; ')})`}`;
}
