/**
 * Who may import whom: the one place that says it. A package may import the packages listed here and nothing else of this repo;
 * what is listed must also be declared in its package.json. Tests may import their devDependencies as well.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  // For any user of ts-proto: knows nothing of Breakwater.
  codec: [],
  resilience: ['core'],
  discovery: ['core'],
  consul: ['core', 'discovery'],
  agent: ['core'],
  rpc: ['codec', 'core', 'resilience', 'discovery'],
  grpc: ['codec', 'core', 'resilience', 'discovery', 'rpc'],
  wire: ['codec', 'core', 'resilience', 'discovery', 'rpc'],
  // The composition root knows the default transport and the default registry.
  service: ['codec', 'core', 'resilience', 'discovery', 'consul', 'rpc', 'grpc', 'wire'],
  contracts: ['codec', 'core', 'rpc', 'service'],
  cli: ['codec', 'core', 'resilience', 'discovery', 'consul', 'agent', 'rpc', 'grpc', 'wire', 'service'],
  testing: ['codec', 'core', 'resilience', 'discovery', 'consul', 'agent', 'rpc', 'grpc', 'wire', 'service'],
};

/** npm modules that only some packages may import in product code, and why. */
export const RESTRICTED_MODULES: readonly {
  readonly module: string;
  readonly only: readonly string[];
  readonly why: string;
}[] = [
  {
    module: '@grpc/grpc-js',
    only: ['grpc'],
    why: 'the transport is behind a seam; a second importer could bring a second copy',
  },
  { module: '@grpc/proto-loader', only: ['cli'], why: 'it serves where there are no generated types' },
];

/** grpc-js's unstable interface: one file of one package may name it, so that an upgrade breaks in one place. */
export const EXPERIMENTAL = { module: '@grpc/grpc-js', word: 'experimental' } as const;
