import type {
  AdjustRecord,
  Level,
  ReleaseRecord,
  ReserveRecord,
  ShortLine,
  StockLine,
  StockRecord,
  StockResult,
} from './stock-record.js';

interface Reservation {
  readonly lines: readonly StockLine[];
  readonly expiresAt: number | undefined;
}

/**
 * The stock as the fold of its log. Pure and deterministic: time comes from the entries, so that every process that reads
 * the same log comes to the same results.
 */
export class Stock {
  private readonly levels = new Map<string, Level>();
  private readonly reservations = new Map<string, Reservation>();
  /** Reservations that lapse by themselves; the log's own time decides. */
  private readonly lapsing = new Map<string, number>();
  private now = 0;

  /** Applies one entry and says what it brought about. */
  apply(record: StockRecord): StockResult {
    // Clocks of several writers differ a little; time in the log never runs backwards.
    this.now = Math.max(this.now, record.at);
    this.lapse(this.now);
    switch (record.type) {
      case 'reserve':
        return this.reserve(record);
      case 'release':
        return { kind: 'released', released: this.release(record) };
      case 'adjust':
        return { kind: 'adjusted', level: this.adjust(record) };
    }
  }

  /** The level of one article, reservations that have lapsed by `now` given back; undefined when nobody ever stocked it. */
  level(sku: string, now: number): Level | undefined {
    const level = this.levels.get(sku);
    if (level === undefined) return undefined;
    let lapsed = 0;
    for (const [id, expiresAt] of this.lapsing) {
      if (expiresAt > now) continue;
      for (const line of this.reservations.get(id)?.lines ?? []) if (line.sku === sku) lapsed += line.quantity;
    }
    return lapsed === 0 ? level : { ...level, reserved: level.reserved - lapsed };
  }

  skus(): readonly string[] {
    return [...this.levels.keys()];
  }

  private reserve({ reservationId, lines, expiresAt }: ReserveRecord): StockResult {
    const known = this.reservations.get(reservationId);
    if (known !== undefined) return { kind: 'reserved', already: true, expiresAt: known.expiresAt };
    const missing = this.missing(lines);
    if (missing.length > 0) return { kind: 'out_of_stock', missing };
    for (const { sku, quantity } of lines) this.change(sku, { reserved: quantity });
    this.reservations.set(reservationId, { lines, expiresAt });
    if (expiresAt !== undefined) this.lapsing.set(reservationId, expiresAt);
    return { kind: 'reserved', already: false, expiresAt };
  }

  private release({ reservationId }: Pick<ReleaseRecord, 'reservationId'>): boolean {
    const known = this.reservations.get(reservationId);
    if (known === undefined) return false;
    for (const { sku, quantity } of known.lines) this.change(sku, { reserved: -quantity });
    this.reservations.delete(reservationId);
    this.lapsing.delete(reservationId);
    return true;
  }

  private adjust({ sku, delta, counted }: AdjustRecord): Level {
    const before = this.levels.get(sku)?.onHand ?? 0;
    return this.change(sku, { onHand: counted === undefined ? (delta ?? 0) : counted - before });
  }

  /** Lines of one article add up: two lines of three need six. */
  private missing(lines: readonly StockLine[]): readonly ShortLine[] {
    const wanted = new Map<string, number>();
    for (const { sku, quantity } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
    return [...wanted].flatMap(([sku, quantity]) => {
      const { onHand = 0, reserved = 0 } = this.levels.get(sku) ?? {};
      const available = onHand - reserved;
      return quantity > available ? [{ sku, quantity, available }] : [];
    });
  }

  private lapse(now: number): void {
    for (const [reservationId, expiresAt] of this.lapsing) if (expiresAt <= now) this.release({ reservationId });
  }

  private change(sku: string, by: { readonly onHand?: number; readonly reserved?: number }): Level {
    const { onHand = 0, reserved = 0 } = this.levels.get(sku) ?? {};
    const level = {
      sku,
      onHand: onHand + (by.onHand ?? 0),
      reserved: reserved + (by.reserved ?? 0),
      updatedAt: this.now,
    };
    this.levels.set(sku, level);
    return level;
  }
}
