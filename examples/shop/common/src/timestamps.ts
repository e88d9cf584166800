import type { google } from '@breakwater/contracts';

type Timestamp = google.protobuf.Timestamp;
type Duration = google.protobuf.Duration;

/** A wall-clock instant, ms since 1970, as a protobuf Timestamp. */
export const timestampOf = (atMs: number): Timestamp => ({
  seconds: BigInt(Math.floor(atMs / 1000)),
  nanos: Math.round((atMs - Math.floor(atMs / 1000) * 1000) * 1e6),
});

/** A protobuf Timestamp as ms since 1970. */
export const msOf = ({ seconds, nanos }: Timestamp): number => Number(seconds) * 1000 + nanos / 1e6;

/** A length in ms as a protobuf Duration. */
export const durationOf = (ms: number): Duration => ({
  seconds: BigInt(Math.trunc(ms / 1000)),
  nanos: Math.round((ms % 1000) * 1e6),
});

/** A protobuf Duration in ms. */
export const durationMs = ({ seconds, nanos }: Duration): number => Number(seconds) * 1000 + nanos / 1e6;
