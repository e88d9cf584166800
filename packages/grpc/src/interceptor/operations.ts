import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { Around, Handler, Idempotency, Operation, RpcKind } from '@breakwater/core';

/** What a definition of grpc-js says of a method's kind. */
export interface Shape {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const LEVELS: Readonly<Record<string, Idempotency>> = { IDEMPOTENT: 'idempotent', NO_SIDE_EFFECTS: 'no_side_effects' };

/** What `@grpc/proto-loader` adds to a method: grpc-js itself drops it before interceptors see the method. */
interface LoadedOptions {
  readonly options?: { readonly idempotency_level?: string };
}

/** The `idempotency_level` of every method of these services, by path, as `@grpc/proto-loader` has read it. */
export function idempotencyOf(services: readonly ServiceDefinition[]): ReadonlyMap<string, Idempotency> {
  const levels = new Map<string, Idempotency>();
  for (const service of services) {
    for (const definition of Object.values(service) as (MethodDefinition<unknown, unknown> & LoadedOptions)[]) {
      levels.set(definition.path, LEVELS[definition.options?.idempotency_level ?? ''] ?? 'unknown');
    }
  }
  return levels;
}

/** One operation and one composed handler per method, made when its first call comes. */
export class Operations {
  private readonly known = new Map<string, { readonly operation: Operation; readonly handler: Handler }>();

  constructor(
    private readonly around: Around,
    private readonly leaf: Handler,
    private readonly idempotency: ReadonlyMap<string, Idempotency>,
  ) {}

  of(shape: Shape): { readonly operation: Operation; readonly handler: Handler } {
    let entry = this.known.get(shape.path);
    if (entry === undefined) {
      entry = {
        operation: operationOf(shape, this.idempotency.get(shape.path) ?? 'unknown'),
        handler: this.around(this.leaf),
      };
      this.known.set(shape.path, entry);
    }
    return entry;
  }
}

function operationOf(shape: Shape, idempotency: Idempotency): Operation {
  const [, service = '', method = ''] = shape.path.split('/');
  return { path: shape.path, service, method, kind: kindOf(shape), idempotency };
}

/** Which of the four kinds a definition describes. */
export function kindOf({ requestStream, responseStream }: Shape): RpcKind {
  if (requestStream) return responseStream ? 'bidi' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}
