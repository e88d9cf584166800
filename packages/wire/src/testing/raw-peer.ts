import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { systemClock } from '@breakwater/core';
import { describeFrame, FrameReader, type Frame } from './frame-reader.js';
import { ping, settings, settingsAck, windowUpdate, type SettingPair } from './frames.js';
import type { Field } from './literals.js';
import { CODE, nameIn, TYPE, type CodeName, type TypeName } from './numbers.js';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** The largest flow-control window. */
export const MAX_WINDOW = 2 ** 31 - 1;

const EARLIEST_BYTES = 4096;
/** Of a flood of answers only the newest are kept, so that the test's own memory does not count. */
const KEPT_FRAMES = 4096;

export interface RawPeerOptions {
  /** How long to wait for what is expected; give less than the timeout of the test, to learn what came instead. Default 8 s. */
  readonly limitMs?: number;
}

/** The connection was over before what was expected had come. */
export class ConnectionOver extends Error {
  override readonly name = 'ConnectionOver';
}

/** A response as a client sees it, put together from its frames. */
export interface RawResponse {
  readonly headers: ReadonlyMap<string, string>;
  readonly content: Buffer;
  /** Of a response without a body, the headers. */
  readonly trailers: ReadonlyMap<string, string>;
  /** Code of the RST_STREAM that ended it, where one did before END_STREAM. */
  readonly reset: number | undefined;
}

/**
 * One side of an HTTP/2 connection, by hand: sends what it is told to, answers nothing by itself, and remembers what came.
 * Expectations take what they find: the same frame does not fulfil two of them.
 */
export class RawPeer {
  /** In order of arrival, the newest few thousand. */
  readonly frames: Frame[] = [];
  /** The first bytes that came, frames or not. */
  earliest: Buffer = Buffer.alloc(0);
  bytesReceived = 0;
  /** How many frames of each type came. */
  readonly counts = new Map<number, number>();
  /** The other side has sent its end, or the connection is gone. */
  ended = false;
  closed = false;
  /** What broke the connection. */
  error: Error | undefined;
  private unreadable: Error | undefined;
  private pings = 0;
  private readonly reader = new FrameReader();
  private readonly taken = new Set<Frame>();
  private readonly waiting = new Set<() => void>();
  private readonly limitMs: number;
  private readonly outgoingPreface: Buffer;
  private incomingPreface: number;

  /** @param side which of the two sends the connection preface: `client` this one, `server` the other */
  constructor(
    readonly socket: Socket,
    readonly side: 'client' | 'server',
    { limitMs = 8000 }: RawPeerOptions = {},
  ) {
    this.limitMs = limitMs;
    this.outgoingPreface = side === 'client' ? PREFACE : Buffer.alloc(0);
    this.incomingPreface = side === 'client' ? 0 : PREFACE.length;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.receive(bytes));
    socket.on('end', () => this.note(() => (this.ended = true)));
    socket.on('error', (error) => this.note(() => (this.error ??= error)));
    socket.on('close', () => this.note(() => (this.ended = this.closed = true)));
  }

  /** Sends bytes without waiting for anything. What is sent into a closed connection is lost. */
  send(...parts: readonly Uint8Array[]): void {
    if (!this.socket.writable) return;
    this.socket.write(Buffer.concat(parts));
  }

  /** Sends bytes and lets the other side have them. @returns whether the connection is still open afterwards */
  async deliver(...parts: readonly Uint8Array[]): Promise<boolean> {
    if (!this.socket.writable) return false;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('close', done);
        resolve();
      };
      this.socket.once('close', done);
      this.socket.write(Buffer.concat(parts), done);
    });
    // One turn for the other side to read, one for its answer to arrive here, ahead of what is written next: an error of
    // a write would throw away an answer that nobody has read yet.
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
    return this.socket.writable && !this.ended;
  }

  /** Sends `chunk` again and again until the other side ends the connection. @returns how many times it was sent */
  async flood(chunk: Uint8Array | ((round: number) => Uint8Array), times: number): Promise<number> {
    for (let round = 0; round < times; round++) {
      if (!(await this.deliver(typeof chunk === 'function' ? chunk(round) : chunk))) return round + 1;
    }
    return times;
  }

  /** Preface and SETTINGS, then the acknowledgement of the other side's. @param window also opens the connection's window so far */
  async handshake(pairs: readonly SettingPair[] = [], window?: number): Promise<void> {
    this.send(
      this.outgoingPreface,
      settings(...pairs),
      window === undefined ? Buffer.alloc(0) : windowUpdate(0, window - 65_535),
    );
    await this.expectFrame('SETTINGS', ({ ack }) => !ack);
    this.send(settingsAck());
    await this.expectFrame('SETTINGS', ({ ack }) => ack);
  }

  /** The first frame of this type for which `wanted` holds, come or to come. */
  expectFrame(type: TypeName, wanted: (frame: Frame) => boolean = () => true, what = ''): Promise<Frame> {
    return this.until(`${type}${what === '' ? '' : ` ${what}`}`, () =>
      this.take((frame) => frame.type === TYPE[type] && wanted(frame)),
    );
  }

  /** The same for what may come at any time: waits as long as the connection lasts. @throws ConnectionOver */
  nextFrame(type: TypeName, wanted: (frame: Frame) => boolean = () => true): Promise<Frame> {
    const look = (): Frame | undefined => this.take((frame) => frame.type === TYPE[type] && wanted(frame));
    return this.until(type, look, Number.POSITIVE_INFINITY);
  }

  /** GOAWAY with one of these codes, then the end of the connection. */
  async expectGoaway(...codes: readonly CodeName[]): Promise<Frame> {
    const frame = await this.expectFrame('GOAWAY', ({ code }) => code !== CODE.NO_ERROR, `(${codes.join(' or ')})`);
    const code = nameIn(CODE, frame.code ?? 0);
    assert.ok(
      codes.some((one) => one === code),
      `GOAWAY says ${code}, not ${codes.join(' or ')}`,
    );
    await this.expectClosed();
    return frame;
  }

  /** RST_STREAM of this stream with one of these codes. */
  async expectReset(stream: number, ...codes: readonly CodeName[]): Promise<Frame> {
    const frame = await this.expectFrame('RST_STREAM', (one) => one.stream === stream, `of stream ${stream}`);
    const code = nameIn(CODE, frame.code ?? 0);
    assert.ok(
      codes.some((one) => one === code),
      `stream ${stream} was reset with ${code}, not ${codes.join(' or ')}`,
    );
    return frame;
  }

  /** The other side ends the connection. */
  async expectClosed(): Promise<void> {
    await this.until('the end of the connection', () => this.ended || undefined);
    this.socket.destroy();
  }

  /** A PING and its answer: everything that was sent before has been read. @throws when the connection ends instead */
  async roundTrip(): Promise<void> {
    const content = Buffer.from(`ping${String(this.pings++).padStart(4, '0')}`);
    this.send(ping(content));
    await this.expectFrame('PING', ({ ack, payload }) => ack && payload.equals(content), 'ACK');
  }

  /** A PING is answered, or the connection ended: one of both has to come. @returns whether it is still open */
  async answersPing(): Promise<boolean> {
    try {
      await this.roundTrip();
      return true;
    } catch (error) {
      if (error instanceof ConnectionOver) return false;
      throw error;
    }
  }

  /** The whole response on a stream. */
  async response(stream: number): Promise<RawResponse> {
    const parts: Frame[] = [];
    const part = (): Frame | undefined => this.take((frame) => isPart(frame, stream));
    await this.until(`the end of the response on stream ${stream}`, () => {
      for (let next = part(); next !== undefined; next = part()) parts.push(next);
      return parts.some(({ endStream, type }) => endStream || type === TYPE.RST_STREAM) || undefined;
    });
    const blocks = parts.flatMap(({ fields }) => (fields === undefined ? [] : [new Map(fields)]));
    const whole = parts.some(({ endStream }) => endStream);
    return {
      headers: blocks[0] ?? new Map<string, string>(),
      trailers: blocks.at(-1) ?? new Map<string, string>(),
      content: Buffer.concat(parts.flatMap(({ content }) => (content === undefined ? [] : [content]))),
      reset: whole ? undefined : parts.find(({ type }) => type === TYPE.RST_STREAM)?.code,
    };
  }

  /** Waits until `look` finds something. @throws when the connection is over, or the limit passes, and it has not */
  async until<T>(what: string, look: () => T | undefined, limitMs = this.limitMs): Promise<T> {
    const found = look();
    if (found !== undefined) return found;
    return new Promise<T>((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.waiting.delete(again);
        timer?.cancel();
        act();
      };
      const again = (): void => {
        const now = look();
        if (now !== undefined) settle(() => resolve(now));
        else if (this.unreadable !== undefined) settle(() => reject(this.unreadable));
        else if (this.ended) settle(() => reject(new ConnectionOver(this.missing(what, 'before the end'))));
      };
      const late = (): void => settle(() => reject(new Error(this.missing(what, `within ${limitMs} ms`))));
      const timer = limitMs === Number.POSITIVE_INFINITY ? undefined : systemClock.setTimer(limitMs, late);
      this.waiting.add(again);
      again();
    });
  }

  /** Ends the connection at once; what has been sent may arrive or not. */
  close(): void {
    this.socket.destroy();
  }

  /** The same with a reset, which leaves nothing behind in the tables of the system. */
  reset(): void {
    // A socket that both sides have ended cannot be reset, and Node would never let go of it.
    if (this.socket.writableEnded) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  private take(wanted: (frame: Frame) => boolean): Frame | undefined {
    const found = this.frames.find((frame) => !this.taken.has(frame) && wanted(frame));
    if (found !== undefined) this.taken.add(found);
    return found;
  }

  private receive(bytes: Buffer): void {
    this.bytesReceived += bytes.length;
    if (this.earliest.length < EARLIEST_BYTES) this.earliest = Buffer.concat([this.earliest, bytes]);
    const preface = Math.min(this.incomingPreface, bytes.length);
    this.incomingPreface -= preface;
    this.note(() => {
      try {
        for (const frame of this.reader.push(bytes.subarray(preface))) {
          this.counts.set(frame.type, (this.counts.get(frame.type) ?? 0) + 1);
          this.frames.push(frame);
        }
      } catch (error) {
        this.unreadable ??= error as Error;
      }
      for (const old of this.frames.splice(0, this.frames.length - KEPT_FRAMES)) this.taken.delete(old);
    });
  }

  private note(change: () => void): void {
    change();
    for (const again of this.waiting) again();
  }

  private missing(what: string, when: string): string {
    const came = this.frames.slice(-30).map((frame) => `  ${describeFrame(frame)}`);
    const rest =
      this.reader.pending.length === 0 ? [] : [`  and ${this.reader.pending.length} bytes of no whole frame`];
    const state = this.ended ? 'The connection is over' : 'The connection is open';
    return [
      `no ${what} came ${when}`,
      `${state}${this.error === undefined ? '' : ` (${this.error.message})`}; what came last:`,
      ...came,
      ...rest,
    ].join('\n');
  }
}

const isPart = (frame: Frame, stream: number): boolean =>
  frame.stream === stream &&
  (frame.type === TYPE.HEADERS ||
    frame.type === TYPE.CONTINUATION ||
    frame.type === TYPE.DATA ||
    frame.type === TYPE.RST_STREAM);

/** The value of a field, for lists that may repeat it. */
export const valueOf = (fields: readonly Field[] | undefined, name: string): string | undefined =>
  fields?.find((field) => field[0] === name)?.[1];

/** A connection to a port of this machine, before its first byte. */
export async function connectRaw(port: number, options: RawPeerOptions = {}): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new RawPeer(socket, 'client', options);
}
