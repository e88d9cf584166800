import { connect } from 'node:net';
import type { Clock } from '@breakwater/core';
import type { Probe, ProbeResult } from '../catalog/check-runner.js';
import { probeGrpc } from './grpc-probe.js';

/** The probes of gRPC and TCP checks, bounded by the check's timeout on `clock`. */
export const createProbe =
  (clock: Clock): Probe =>
  ({ kind }) => {
    if (kind.type === 'ttl')
      return { result: Promise.resolve({ status: 'critical', output: 'TTL checks are not probed' }), cancel: () => {} };
    const attempt = kind.type === 'grpc' ? probeGrpc(kind) : probeTcp(kind.address);
    const timer = clock.setTimer(kind.timeoutMs, () => attempt.end(`no answer in ${kind.timeoutMs} ms`), {
      ref: false,
    });
    return { result: attempt.result.finally(() => timer.cancel()), cancel: () => attempt.end('cancelled') };
  };

/** A probe under way; `end` settles it as critical, for the reason given. */
export interface Attempt {
  readonly result: Promise<ProbeResult>;
  end(reason: string): void;
}

function probeTcp(address: string): Attempt {
  const colon = address.lastIndexOf(':');
  const socket = connect({
    host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(colon + 1)),
  });
  const result = new Promise<ProbeResult>((resolve) => {
    socket.once('connect', () => {
      resolve({ status: 'passing', output: `TCP connect ${address}: Success` });
      socket.destroy();
    });
    socket.once('error', (error) => resolve({ status: 'critical', output: `dial tcp ${address}: ${error.message}` }));
  });
  return { result, end: (reason) => void socket.destroy(new Error(reason)) };
}
