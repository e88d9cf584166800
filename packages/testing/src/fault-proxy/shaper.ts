import type { Random } from '@breakwater/core';
import type { Fault } from './fault.js';
import type { ActiveFault } from './fault-set.js';

/** What happens next in one direction of a connection. */
export type Step =
  | { readonly kind: 'pass'; readonly bytes: Buffer }
  /** Nothing before that instant; Infinity: nothing before something changes. */
  | { readonly kind: 'wait'; readonly until: number }
  /** The sender has ended, and so does the receiver's side. */
  | { readonly kind: 'end' }
  /** The whole connection. */
  | { readonly kind: 'close' }
  | { readonly kind: 'reset' };

interface Chunk {
  bytes: Buffer;
  readonly arrivedAt: number;
  /** In [-1, 1): the chunk's place within the jitter. */
  readonly jitter: number;
}

/** A slower link is not allowed to make up for more than this, and sends what fits into it at a time. */
const SLICE_MS = 100;

type Kind<K extends Fault['kind']> = Extract<Fault, { readonly kind: K }>;
const having = <K extends Fault['kind']>(active: readonly ActiveFault[], kind: K): readonly Kind<K>[] =>
  active.map(({ fault }) => fault).filter((fault): fault is Kind<K> => fault.kind === kind);

/**
 * One direction of one connection under faults: bytes go in, and `next` says when which of them come out. It holds no clock and no
 * socket, and asks for the faults each time, so that they may change while bytes wait. Without faults everything passes at once;
 * whatever the faults, what passes is what came, in its order.
 */
export class Shaper {
  private readonly queue: Chunk[] = [];
  private buffered = 0;
  private ending: { readonly how: 'end' | 'reset'; readonly at: number } | undefined;
  private ended = false;
  /** When the link has sent what it was given. */
  private freeAt = Number.NEGATIVE_INFINITY;
  private gapUntil = Number.NEGATIVE_INFINITY;
  /** Size of the piece that is next, once the slicer has chosen it. */
  private piece: number | undefined;
  private readonly passed = new Map<ActiveFault, number>();

  constructor(
    private readonly random: Random,
    private readonly openedAt: number,
  ) {}

  /** Bytes that have come and not passed. */
  get bufferedBytes(): number {
    return this.buffered;
  }

  push(bytes: Buffer, now: number): void {
    if (bytes.length === 0) return;
    this.queue.push({ bytes, arrivedAt: now, jitter: this.random.next() * 2 - 1 });
    this.buffered += bytes.length;
  }

  /** The sender has ended its side, or is gone; what a reset finds under way is lost. */
  finish(how: 'end' | 'reset', now: number): void {
    if (this.ending?.how === 'reset') return;
    this.ending = { how, at: now };
    if (how === 'end') return;
    this.queue.length = 0;
    this.buffered = 0;
  }

  next(now: number, active: readonly ActiveFault[]): Step {
    const resetAt = this.earliest(active, 'reset_peer', ({ afterMs = 0 }) => afterMs);
    if (now >= resetAt) return { kind: 'reset' };
    const wait = (until: number): Step => ({ kind: 'wait', until: Math.min(until, resetAt) });
    if (having(active, 'black_hole').length > 0) {
      const closeAt = this.earliest(
        active,
        'black_hole',
        ({ closeAfterMs = Number.POSITIVE_INFINITY }) => closeAfterMs,
      );
      return now >= closeAt ? { kind: 'close' } : wait(closeAt);
    }
    const left = this.dataLeft(active);
    if (left === 0) return { kind: 'close' };
    const [head] = this.queue;
    if (head === undefined) return this.atEnd(now, active, wait);
    const size = Math.min(head.bytes.length, left, this.pieceSize(active), this.sliceSize(active));
    const dueAt = this.dueAt(head, size, active);
    if (now < dueAt) return wait(dueAt);
    return this.pass(head, size, dueAt, now, active);
  }

  private pass(head: Chunk, size: number, dueAt: number, now: number, active: readonly ActiveFault[]): Step {
    const bytes = head.bytes.subarray(0, size);
    head.bytes = head.bytes.subarray(size);
    if (head.bytes.length === 0) this.queue.shift();
    this.buffered -= size;
    this.freeAt = Math.max(dueAt, now - SLICE_MS);
    this.gapUntil = now + sum(having(active, 'slicer').map(({ delayMs = 0 }) => delayMs));
    this.piece = undefined;
    for (const one of active)
      if (one.fault.kind === 'limit_data') this.passed.set(one, (this.passed.get(one) ?? 0) + size);
    return { kind: 'pass', bytes };
  }

  private atEnd(now: number, active: readonly ActiveFault[], wait: (until: number) => Step): Step {
    if (this.ending === undefined || this.ended) return wait(Number.POSITIVE_INFINITY);
    if (this.ending.how === 'reset') return { kind: 'reset' };
    const dueAt = this.ending.at + sum(having(active, 'slow_close').map(({ delayMs }) => delayMs));
    if (now < dueAt) return wait(dueAt);
    this.ended = true;
    return { kind: 'end' };
  }

  /** Latency counts from the arrival, so that delays of consecutive chunks overlap; the time to send counts from when the link is free. */
  private dueAt({ arrivedAt, jitter }: Chunk, size: number, active: readonly ActiveFault[]): number {
    const delays = having(active, 'latency').map(({ delayMs, jitterMs = 0 }) => delayMs + jitter * jitterMs);
    const rates = having(active, 'bandwidth').map(({ bytesPerSecond }) => bytesPerSecond);
    let at = arrivedAt + sum(delays);
    if (rates.length > 0) at = Math.max(at, this.freeAt) + (size * 1000) / Math.min(...rates);
    return having(active, 'slicer').length > 0 ? Math.max(at, this.gapUntil) : at;
  }

  private sliceSize(active: readonly ActiveFault[]): number {
    const rates = having(active, 'bandwidth').map(({ bytesPerSecond }) => bytesPerSecond);
    return rates.length === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor((Math.min(...rates) * SLICE_MS) / 1000));
  }

  private pieceSize(active: readonly ActiveFault[]): number {
    const slicers = having(active, 'slicer');
    if (slicers.length === 0) return Number.POSITIVE_INFINITY;
    this.piece ??= Math.min(
      ...slicers.map(({ averageBytes, variationBytes = 0 }) =>
        Math.max(1, averageBytes + Math.round((this.random.next() * 2 - 1) * variationBytes)),
      ),
    );
    return this.piece;
  }

  private dataLeft(active: readonly ActiveFault[]): number {
    const limits = active.map((one) =>
      one.fault.kind === 'limit_data' ? one.fault.bytes - (this.passed.get(one) ?? 0) : Number.POSITIVE_INFINITY,
    );
    return Math.max(0, Math.min(...limits, Number.POSITIVE_INFINITY));
  }

  /** The first instant at which a fault of this kind acts on this connection. */
  private earliest<K extends Fault['kind']>(
    active: readonly ActiveFault[],
    kind: K,
    delayMs: (fault: Kind<K>) => number,
  ): number {
    const instants = active
      .filter(({ fault }) => fault.kind === kind)
      .map(({ fault, addedAt }) => Math.max(addedAt, this.openedAt) + delayMs(fault as Kind<K>));
    return Math.min(...instants, Number.POSITIVE_INFINITY);
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
