import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  pushPromise,
  rstStream,
  settings,
  windowUpdate,
} from '../frames.js';
import { message, OK_TRAILERS, requestFields, responseFields } from '../grpc-bytes.js';
import { indexed, literal, literals, remembered, tableSize, type Field } from '../literals.js';
import { COUNT, ECHO, HANG, MANY, TALK } from '../methods.js';
import type { Chance } from './chance.js';

const PATHS = [ECHO.path, ECHO.path, ECHO.path, COUNT.path, MANY.path, TALK.path, HANG.path, '/no/Method', ''] as const;
const SIZES = [0, 1, 1, 100, 65_535, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1] as const;
/** Fields that are legal, and fields that are not. */
const ODD: readonly [Field, ...Field[]] = [
  ['x-plain', 'value'],
  ['x-plain', 'value'],
  ['x-bytes-bin', 'AAEC'],
  ['grpc-timeout', '1S'],
  ['grpc-timeout', '0n'],
  ['grpc-encoding', 'gzip'],
  ['grpc-encoding', 'snappy'],
  ['content-length', '10'],
  ['content-length', '-1'],
  ['X-Upper', '1'],
  ['connection', 'close'],
  ['te', 'gzip'],
  [':path', '/again'],
  [':unknown', '1'],
  ['', 'empty'],
  ['x-crlf', 'a\r\nb'],
  ['x-long', 'x'.repeat(3000)],
  ['grpc-status', '5'],
  ['grpc-message', '100%25 %zz'],
];

/** Makes up what a peer might send: mostly sense, so that it is not over with the first frame. */
export class Conversation {
  private nextStream = 1;
  private readonly open: number[] = [];

  /** @param side which peer is played; a server answers the streams that it is told of */
  constructor(
    private readonly chance: Chance,
    private readonly side: 'client' | 'server',
    streams: readonly number[] = [],
  ) {
    this.open.push(...streams);
  }

  /** One to three frames that belong together. */
  turn(): readonly Buffer[] {
    const { chance } = this;
    const what = chance.below(24);
    if (what < 7) return this.side === 'client' ? this.call() : this.answer();
    if (what < 12) return [data(this.stream(), this.body(), this.dataOptions())];
    if (what === 12) return [rstStream(this.stream(), chance.below(15))];
    if (what === 13) return [windowUpdate(chance.once(2) ? 0 : this.stream(), chance.pick(SIZES))];
    if (what === 14) return [settings([chance.below(8), chance.pick(SIZES)])];
    if (what === 15) return [ping(chance.bytes(8), chance.once(4))];
    if (what === 16) return [priority(this.stream(), { dependsOn: chance.below(9), exclusive: chance.once(2) })];
    if (what === 17) return [goaway(chance.below(9), chance.below(15), chance.once(2) ? 'bye' : '')];
    if (what === 18)
      return [frame({ type: 10 + chance.below(200), stream: chance.below(9), payload: chance.bytes(9) })];
    if (what === 19) return [settings()];
    if (what === 20) return [pushPromise(this.stream(), 2 * chance.below(9), this.block([]))];
    if (what === 21) return [headers(this.stream(), literals(OK_TRAILERS), { endStream: !chance.once(4) })];
    return [headers(this.newStream(), this.compressed(), { endStream: chance.once(2) })];
  }

  private call(): readonly Buffer[] {
    const { chance } = this;
    const stream = this.newStream();
    const extra = Array.from({ length: chance.below(3) }, () => chance.pick(ODD));
    const frames = this.cut(stream, this.block(requestFields(chance.pick(PATHS), extra)));
    if (chance.once(5)) return frames;
    return [...frames, data(stream, this.body(), { ...this.dataOptions(), endStream: !chance.once(4) })];
  }

  private answer(): readonly Buffer[] {
    const { chance } = this;
    const stream = this.stream();
    const extra = chance.once(3) ? [chance.pick(ODD)] : [];
    const frames = [
      ...this.cut(stream, this.block(responseFields(extra))),
      data(stream, this.body(), this.dataOptions()),
    ];
    if (chance.once(4)) return frames;
    return [...frames, headers(stream, this.block([['grpc-status', String(chance.below(18))]]), { endStream: true })];
  }

  /** HEADERS and perhaps CONTINUATION. */
  private cut(stream: number, block: Buffer): readonly Buffer[] {
    const { chance } = this;
    const padding = chance.once(6) ? { padding: chance.below(20) } : {};
    if (!chance.once(5)) return [headers(stream, block, padding)];
    const at = chance.below(block.length + 1);
    return [
      headers(stream, block.subarray(0, at), { ...padding, endHeaders: false }),
      continuation(stream, block.subarray(at), !chance.once(10)),
    ];
  }

  private block(fields: readonly Field[]): Buffer {
    return Buffer.concat(fields.map((field) => (this.chance.once(3) ? remembered(field) : literal(field))));
  }

  /** A block that leans on the tables, rightly or wrongly. */
  private compressed(): Buffer {
    const { chance } = this;
    const parts = [literals(requestFields(ECHO.path))];
    if (chance.once(3)) parts.unshift(tableSize(chance.pick([0, 100, 4096, 4097, 2 ** 31])));
    for (let count = chance.below(4); count > 0; count--) parts.push(indexed(chance.below(70)));
    if (chance.once(4)) parts.push(chance.bytes(chance.below(12)));
    return Buffer.concat(parts);
  }

  private body(): Buffer {
    const { chance } = this;
    const whole = message(chance.once(4) ? '3' : 'x'.repeat(chance.below(60)), chance.once(8) ? chance.below(256) : 0);
    if (chance.once(8)) return message('', 0, chance.pick(SIZES));
    if (chance.once(8)) return chance.bytes(chance.below(20));
    return chance.once(5) ? whole.subarray(0, chance.below(whole.length)) : whole;
  }

  private dataOptions(): { endStream?: boolean; padding?: number } {
    const { chance } = this;
    return { endStream: chance.once(3), ...(chance.once(6) ? { padding: chance.below(256) } : {}) };
  }

  private newStream(): number {
    if (this.side === 'server') return this.stream();
    const stream = this.nextStream;
    this.nextStream += 2;
    this.open.push(stream);
    return stream;
  }

  /** One that is or was open; seldom one that never was. */
  private stream(): number {
    if (this.open.length === 0 || this.chance.once(25)) return this.chance.below(40);
    return this.open[Math.max(0, this.open.length - 1 - this.chance.below(3))] ?? 1;
  }
}
