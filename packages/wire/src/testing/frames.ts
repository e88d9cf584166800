import { FLAG, SETTING, TYPE, type CodeName, type SettingName, CODE } from './numbers.js';

/** A frame to send. Whatever is left out is as it should be; whatever is given is sent, legal or not. */
export interface RawFrame {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
  /** What the header says of the payload's length; default: the truth. */
  readonly length?: number;
  /** The reserved bit in front of the stream id. */
  readonly reserved?: boolean;
}

const EMPTY = new Uint8Array(0);
const byte = (value: number): Buffer => Buffer.from([value]);

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Any frame at all. */
export function frame({ type, flags = 0, stream = 0, payload = EMPTY, length, reserved = false }: RawFrame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE((length ?? payload.length) & 0xffffff, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE((stream | (reserved ? 0x80000000 : 0)) >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** What HEADERS and DATA have in common. */
export interface BodyOptions {
  readonly endStream?: boolean;
  /** Adds the PADDED flag, this length and as many zeros. */
  readonly padding?: number;
}

const padded = (content: Uint8Array, padding: number | undefined): Buffer =>
  padding === undefined ? Buffer.from(content) : Buffer.concat([byte(padding), content, Buffer.alloc(padding)]);

export function data(stream: number, content: Uint8Array = EMPTY, { endStream, padding }: BodyOptions = {}): Buffer {
  const flags = (endStream === true ? FLAG.END_STREAM : 0) | (padding === undefined ? 0 : FLAG.PADDED);
  return frame({ type: TYPE.DATA, flags, stream, payload: padded(content, padding) });
}

export interface HeadersOptions extends BodyOptions {
  /** Default true. */
  readonly endHeaders?: boolean;
  readonly priority?: Priority;
}

/** The deprecated priority fields. */
export interface Priority {
  readonly dependsOn: number;
  readonly weight?: number;
  readonly exclusive?: boolean;
}

const priorityFields = ({ dependsOn, weight = 16, exclusive = false }: Priority): Buffer =>
  Buffer.concat([uint32((dependsOn | (exclusive ? 0x80000000 : 0)) >>> 0), byte(weight - 1)]);

/** @param block an HPACK block, or the part of one that this frame carries */
export function headers(stream: number, block: Uint8Array, options: HeadersOptions = {}): Buffer {
  const { endStream = false, endHeaders = true, padding, priority } = options;
  const flags =
    (endStream ? FLAG.END_STREAM : 0) |
    (endHeaders ? FLAG.END_HEADERS : 0) |
    (padding === undefined ? 0 : FLAG.PADDED) |
    (priority === undefined ? 0 : FLAG.PRIORITY);
  const content = priority === undefined ? block : Buffer.concat([priorityFields(priority), block]);
  return frame({ type: TYPE.HEADERS, flags, stream, payload: padded(content, padding) });
}

export const continuation = (stream: number, block: Uint8Array, endHeaders = true): Buffer =>
  frame({ type: TYPE.CONTINUATION, flags: endHeaders ? FLAG.END_HEADERS : 0, stream, payload: block });

export const priority = (stream: number, fields: Priority): Buffer =>
  frame({ type: TYPE.PRIORITY, stream, payload: priorityFields(fields) });

/** @param code its name, or a number that has none */
export const rstStream = (stream: number, code: CodeName | number = 'CANCEL'): Buffer =>
  frame({ type: TYPE.RST_STREAM, stream, payload: uint32(codeOf(code)) });

/** Pairs may repeat and may have numbers without a name. */
export type SettingPair = readonly [SettingName | number, number];

export function settings(...pairs: readonly SettingPair[]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  pairs.forEach(([name, value], index) => {
    payload.writeUInt16BE(typeof name === 'number' ? name : SETTING[name], 6 * index);
    payload.writeUInt32BE(value >>> 0, 6 * index + 2);
  });
  return frame({ type: TYPE.SETTINGS, payload });
}

export const settingsAck = (): Buffer => frame({ type: TYPE.SETTINGS, flags: FLAG.ACK });

export const pushPromise = (stream: number, promised: number, block: Uint8Array): Buffer =>
  frame({
    type: TYPE.PUSH_PROMISE,
    flags: FLAG.END_HEADERS,
    stream,
    payload: Buffer.concat([uint32(promised), block]),
  });

/** @param content eight bytes */
export const ping = (content: Uint8Array = Buffer.alloc(8), ack = false): Buffer =>
  frame({ type: TYPE.PING, flags: ack ? FLAG.ACK : 0, payload: content });

export const goaway = (lastStream: number, code: CodeName | number = 'NO_ERROR', debug = ''): Buffer =>
  frame({
    type: TYPE.GOAWAY,
    payload: Buffer.concat([uint32(lastStream), uint32(codeOf(code)), Buffer.from(debug)]),
  });

export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame({ type: TYPE.WINDOW_UPDATE, stream, payload: uint32(increment) });

const codeOf = (code: CodeName | number): number => (typeof code === 'number' ? code : CODE[code]);
