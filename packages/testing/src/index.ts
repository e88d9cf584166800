// Virtual time, seeded chance, and the far side of a policy under test
export * from '@breakwater/core/testing';
// Faults between real sockets
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy/start-fault-proxy.js';
export type {
  Bandwidth,
  BlackHole,
  Direction,
  Fault,
  Latency,
  LimitData,
  ResetPeer,
  Slicer,
  SlowClose,
} from './fault-proxy/fault.js';
// Suites for authors of registries and transports
export * from '@breakwater/discovery/conformance';
export * from '@breakwater/rpc/conformance';
// Real servers in integration tests
export { requireServer, type ServerName, type ServerTool, serverTool, type Skippable } from './system-servers.js';
