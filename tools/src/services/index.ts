import { consul } from './consul.js';
import { consulCurrent } from './consul-current.js';
import { haproxy, nghttp2, nginx } from './debian-programs.js';
import { connectConformance, grpcGoInterop, grpcurl, h2spec } from './go-tools.js';
import { pythonGrpc } from './python-grpc.js';
import type { Located, Service } from './service.js';

/** Every server that a suite may ask for by name. */
export const SERVICES: readonly Service[] = [
  consul,
  consulCurrent,
  pythonGrpc,
  nginx,
  haproxy,
  nghttp2,
  h2spec,
  connectConformance,
  grpcurl,
  grpcGoInterop,
];

/** What came of one service. */
export type Provision =
  | { readonly service: Service; readonly located: Located }
  | { readonly service: Service; readonly reason: string };

export interface ProvideOptions {
  readonly say: (line: string) => void;
  /** Also fetch what takes minutes, and install system-wide where unpacking is not enough: CI=true or `--install-servers`. */
  readonly everything: boolean;
  readonly services?: readonly Service[];
}

/** Locates every service and fetches what is missing and allowed. Never throws: a service that cannot be had carries its reason. */
export async function provide({ say, everything, services = SERVICES }: ProvideOptions): Promise<readonly Provision[]> {
  const provisions: Provision[] = [];
  for (const service of services) {
    try {
      let located = await service.locate();
      if (located === undefined) {
        if (service.slow && !everything) throw new Error(`not built yet: run npm test -- --install-servers`);
        say(`fetching ${service.name} …`);
        located = await service.install({ say, systemWide: everything });
      }
      provisions.push({ service, located });
    } catch (error) {
      provisions.push({ service, reason: (error as Error).message });
    }
  }
  return provisions;
}

/** The variables that suites read: a path when the service is there, and why not in `BREAKWATER_ABSENT_<NAME>` otherwise. */
export function provisionEnv(provisions: readonly Provision[]): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const provision of provisions) {
    if ('located' in provision) Object.assign(env, provision.located.env);
    else env[absenceVariable(provision.service.name)] = provision.reason;
  }
  return env;
}

/** `consul-current` -> `BREAKWATER_ABSENT_CONSUL_CURRENT`. */
export const absenceVariable = (name: string): string => `BREAKWATER_ABSENT_${name.toUpperCase().replaceAll('-', '_')}`;
