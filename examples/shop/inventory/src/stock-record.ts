/** One entry of the stock log. What it brought about follows from the entries before it, for every reader alike. */
export type StockRecord = ReserveRecord | ReleaseRecord | AdjustRecord;

export interface StockLine {
  readonly sku: string;
  readonly quantity: number;
}

interface Entry {
  /** Unique among all entries: how a writer finds its own among those of others. */
  readonly entryId: string;
  /** Wall clock of the writer, ms since 1970. */
  readonly at: number;
}

export interface ReserveRecord extends Entry {
  readonly type: 'reserve';
  readonly reservationId: string;
  readonly lines: readonly StockLine[];
  /** The reservation lapses at this instant; held until released when undefined. */
  readonly expiresAt?: number;
}

export interface ReleaseRecord extends Entry {
  readonly type: 'release';
  readonly reservationId: string;
}

export interface AdjustRecord extends Entry {
  readonly type: 'adjust';
  readonly sku: string;
  /** Pieces in or out ... */
  readonly delta?: number;
  /** ... or pieces that were counted. */
  readonly counted?: number;
}

/** What an entry brought about. */
export type StockResult =
  | { readonly kind: 'reserved'; readonly already: boolean; readonly expiresAt: number | undefined }
  | { readonly kind: 'out_of_stock'; readonly missing: readonly ShortLine[] }
  | { readonly kind: 'released'; readonly released: boolean }
  | { readonly kind: 'adjusted'; readonly level: Level };

export interface ShortLine extends StockLine {
  readonly available: number;
}

/** How many pieces of an article there are. */
export interface Level {
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly updatedAt: number;
}
