/**
 * Who may import whom: the one place that says it. A package may import the packages listed here and nothing else of this repo;
 * what is listed must also be declared in its package.json. Tests may import their devDependencies as well.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  resilience: ['core'],
  discovery: ['core'],
  consul: ['core', 'discovery'],
  agent: ['core'],
  rpc: ['core', 'resilience', 'discovery'],
  grpc: ['core', 'resilience', 'discovery', 'rpc'],
  // The composition root knows the default transport and the default registry.
  service: ['core', 'resilience', 'discovery', 'consul', 'rpc', 'grpc'],
  contracts: ['core', 'rpc', 'service'],
  cli: ['core', 'resilience', 'discovery', 'consul', 'agent', 'rpc', 'grpc', 'service'],
  testing: ['core', 'resilience', 'discovery', 'consul', 'agent', 'rpc', 'grpc', 'service'],
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
