import type { HpackEncoder } from '../../hpack/hpack-encoder.js';
import { ClientStream, type ClientSession } from '../client-session.js';
import { beginHeaders, endHeaders } from '../header-frames.js';
import type { Output } from '../output.js';
import type { RequestHead } from '../request-head.js';
import type { ResponseHead } from '../response-head.js';
import { type ServerSession, ServerStream } from '../server-session.js';
import { Recorder, sendPayload } from './recorder.js';

export type Fields = readonly (readonly [name: string, value: string])[];

export const REQUEST: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test'],
];

interface Sending {
  readonly out: Output;
  readonly encoder: HpackEncoder;
  readonly peerMaxFrame: number;
  onFrameSent(): void;
}

function writeHeaders(session: Sending, streamId: number, fields: Fields, endStream: boolean): void {
  const { out, encoder } = session;
  session.onFrameSent();
  const at = beginHeaders(out);
  encoder.begin(out);
  for (const [name, value] of fields) encoder.literal(name, value, out);
  endHeaders(out, at, streamId, endStream, session.peerMaxFrame);
  out.schedule();
}

/** A request of a test. Its log: `200 a=b`, `trailers a=b`, `end`, `reset CODE`, `refused`, `never sent`, `lost`. */
export class TestClientStream extends ClientStream {
  readonly recorder = new Recorder();
  session: ClientSession | undefined;
  /** Runs as soon as its head is written. */
  whenOpen = (): void => {};

  constructor(
    private readonly fields: Fields,
    private readonly ends: boolean,
  ) {
    super();
  }

  get log(): string[] {
    return this.recorder.log;
  }

  override begin(session: ClientSession): void {
    session.open(this);
    this.session = session;
    writeHeaders(session, this.id, this.fields, this.ends);
    if (this.ends) session.localEnd(this);
    this.whenOpen();
  }

  /** Only while it is open. */
  send(payload: Buffer | string, ends = false): void {
    if (this.session !== undefined && !this.gone) sendPayload(this.session, this, Buffer.from(payload), ends);
  }

  finish(): void {
    if (!this.gone) this.session?.finishSending(this, 'end');
  }

  cancel(code: number): void {
    this.starting = false;
    this.session?.reset(this, code);
    this.over();
  }

  read(byteCount?: number): void {
    if (this.session !== undefined) this.recorder.read(this.session, this, byteCount);
  }

  override onHead(head: ResponseHead, endStream: boolean): void {
    const entries = head.entries ?? [];
    const fields = entries.flatMap((name, at) => (at % 2 === 0 ? [`${name}=${entries[at + 1]}`] : []));
    this.log.push([head.status === 0 ? 'trailers' : head.status, ...fields].join(' '));
    if (endStream) this.log.push('end');
  }
  override onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { session } = this;
    if (session === undefined) return;
    if (endStream) {
      session.remoteEnd(this);
      this.log.push('end');
    }
    this.recorder.onData(session, this, bytes.subarray(start, end));
  }
  override onReset(_code: number, why: string, byPeer: boolean): void {
    this.log.push(`${byPeer ? 'reset' : 'broken'} ${why}`);
    this.over();
  }
  override onConnectionLost(why: string): void {
    this.log.push(`lost: ${why}`);
    this.over();
  }
  override onNeverSent(why: string): void {
    this.log.push(`never sent: ${why}`);
  }
  override onRefused(why: string): void {
    this.log.push(`refused: ${why}`);
    this.over();
  }
  override onWritten(): void {}
  override writeTrailers(): void {}

  private over(): void {
    if (this.session !== undefined) this.recorder.drop(this.session);
  }
}

/** What a server of a test makes of a request. Its log: `end`, `run`, `reset CODE`, `lost`. */
export class TestServerStream extends ServerStream {
  readonly recorder = new Recorder();
  readonly path: string;
  readonly entries: readonly string[];
  private trailers: Fields = [];

  constructor(
    readonly session: ServerSession,
    head: RequestHead,
  ) {
    super();
    this.path = head.path;
    this.entries = head.entries ?? [];
  }

  get log(): string[] {
    return this.recorder.log;
  }

  head(fields: Fields = [[':status', '200']], endStream = false): void {
    if (this.gone) return;
    writeHeaders(this.session, this.id, fields, endStream);
    if (endStream) this.session.localEnd(this);
  }

  send(payload: Buffer | string, ends = false): void {
    if (!this.gone) sendPayload(this.session, this, Buffer.from(payload), ends);
  }

  finish(trailers: Fields = [['grpc-status', '0']]): void {
    this.trailers = trailers;
    if (!this.gone) this.session.finishSending(this, 'trailers');
  }

  cancel(code: number): void {
    this.session.reset(this, code);
    this.recorder.drop(this.session);
  }

  read(byteCount?: number): void {
    this.recorder.read(this.session, this, byteCount);
  }

  override onOpen(): void {
    this.session.runAfterChunk(this);
  }
  override run(): void {
    this.log.push('run');
  }
  override onData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (endStream) {
      this.session.remoteEnd(this);
      this.log.push('end');
    }
    this.recorder.onData(this.session, this, bytes.subarray(start, end));
  }
  override onReset(_code: number, why: string, byPeer: boolean): void {
    this.log.push(`${byPeer ? 'reset' : 'broken'} ${why}`);
    this.recorder.drop(this.session);
  }
  override onConnectionLost(why: string): void {
    this.log.push(`lost: ${why}`);
    this.recorder.drop(this.session);
  }
  override onWritten(): void {}
  override writeTrailers(): void {
    writeHeaders(this.session, this.id, this.trailers, true);
    this.session.localEnd(this);
    this.recorder.drop(this.session);
  }
}
