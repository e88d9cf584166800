import type { Slice } from '../pair.js';

interface Parts {
  readonly units?: number;
  readonly wallUs?: number;
  readonly p99Us?: number;
  readonly clientCpuUs?: number;
  readonly serverCpuUs?: number;
}

/** A slice of one second, for tests. */
export function aSlice({
  units = 1000,
  wallUs = 1e6,
  p99Us = 900,
  clientCpuUs = 5000,
  serverCpuUs = 3000,
}: Parts = {}): Slice {
  const usage = { gcMs: 3, gcMaxMs: 2, rssBytes: 80 * 1024 * 1024 };
  return {
    units,
    wallUs,
    p50Us: 500,
    p99Us,
    p999Us: 2000,
    client: { ...usage, cpuUs: clientCpuUs },
    server: { ...usage, cpuUs: serverCpuUs },
  };
}
