import { requireKnownKeys, requireNumber, requireOneOf } from '@breakwater/core';

/** `upstream`: from the client to the target; `downstream`: back. */
export type Direction = 'upstream' | 'downstream';

interface Common {
  /** Default `both`. */
  readonly direction?: Direction | 'both' | undefined;
  /** Share of the connections that are hit, 0 to 1, decided once per connection. Default 1. */
  readonly share?: number | undefined;
}

/** Bytes arrive `delayMs` later, plus or minus up to `jitterMs`; their order and the throughput stay. */
export interface Latency extends Common {
  readonly kind: 'latency';
  readonly delayMs: number;
  /** Default 0. Not above `delayMs`. */
  readonly jitterMs?: number | undefined;
}

/** At most so many bytes per second and connection. */
export interface Bandwidth extends Common {
  readonly kind: 'bandwidth';
  readonly bytesPerSecond: number;
}

/**
 * Nothing passes, not even an end or a reset, as if a cable were cut. What is sent meanwhile arrives when the fault is
 * removed, as TCP would bring about by sending it again.
 */
export interface BlackHole extends Common {
  readonly kind: 'black_hole';
  /** Closes the connection after this time. Default: never. */
  readonly closeAfterMs?: number | undefined;
}

/** TCP RST to both sides. New connections are accepted, and reset likewise. */
export interface ResetPeer extends Common {
  readonly kind: 'reset_peer';
  /** Counted from when the fault is added, or the connection opened. Default 0: at once. */
  readonly afterMs?: number | undefined;
}

/** The end of a connection arrives later than its last bytes. */
export interface SlowClose extends Common {
  readonly kind: 'slow_close';
  readonly delayMs: number;
}

/** Cuts what is sent into small pieces, each its own write. */
export interface Slicer extends Common {
  readonly kind: 'slicer';
  readonly averageBytes: number;
  /** Pieces differ from the average by at most this. Default 0. Below `averageBytes`. */
  readonly variationBytes?: number | undefined;
  /** Between two pieces. Default 0. */
  readonly delayMs?: number | undefined;
}

/** Closes a connection after so many bytes have passed in a direction. */
export interface LimitData extends Common {
  readonly kind: 'limit_data';
  readonly bytes: number;
}

/** What can be wrong with a connection; after Toxiproxy's toxics. */
export type Fault = Latency | Bandwidth | BlackHole | ResetPeer | SlowClose | Slicer | LimitData;

const LONGEST_MS = 24 * 3_600_000;
const MOST_BYTES = 2 ** 40;
const KEYS: { readonly [K in Fault['kind']]: readonly string[] } = {
  latency: ['delayMs', 'jitterMs'],
  bandwidth: ['bytesPerSecond'],
  black_hole: ['closeAfterMs'],
  reset_peer: ['afterMs'],
  slow_close: ['delayMs'],
  slicer: ['averageBytes', 'variationBytes', 'delayMs'],
  limit_data: ['bytes'],
};

/** @throws ConfigError for an unknown kind or field, or a value out of range */
export function checkFault(fault: Fault): Fault {
  const kind = requireOneOf('fault.kind', fault.kind, Object.keys(KEYS) as Fault['kind'][]);
  requireKnownKeys('fault', fault, ['kind', 'direction', 'share', ...KEYS[kind]]);
  if (fault.direction !== undefined)
    requireOneOf('fault.direction', fault.direction, ['upstream', 'downstream', 'both']);
  const number = (field: string, value: number | undefined, max: number, min = 0): void => {
    if (value !== undefined) requireNumber(`fault.${field}`, value, { min, max });
  };
  const bytes = (field: string, value: number | undefined, max: number, min: number): void => {
    if (value !== undefined) requireNumber(`fault.${field}`, value, { min, max, integer: true });
  };
  number('share', fault.share, 1);
  switch (fault.kind) {
    case 'latency':
      requireNumber('fault.delayMs', fault.delayMs, { min: 0, max: LONGEST_MS });
      number('jitterMs', fault.jitterMs, fault.delayMs);
      break;
    case 'bandwidth':
      requireNumber('fault.bytesPerSecond', fault.bytesPerSecond, { min: 1, max: MOST_BYTES });
      break;
    case 'black_hole':
      number('closeAfterMs', fault.closeAfterMs, LONGEST_MS);
      break;
    case 'reset_peer':
      number('afterMs', fault.afterMs, LONGEST_MS);
      break;
    case 'slow_close':
      requireNumber('fault.delayMs', fault.delayMs, { min: 0, max: LONGEST_MS });
      break;
    case 'slicer':
      requireNumber('fault.averageBytes', fault.averageBytes, { min: 1, max: MOST_BYTES, integer: true });
      bytes('variationBytes', fault.variationBytes, fault.averageBytes - 1, 0);
      number('delayMs', fault.delayMs, LONGEST_MS);
      break;
    case 'limit_data':
      requireNumber('fault.bytes', fault.bytes, { min: 0, max: MOST_BYTES, integer: true });
      break;
  }
  return Object.freeze({ ...fault });
}
