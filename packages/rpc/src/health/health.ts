import { Code, RpcError } from '@breakwater/core';
import type { CallContext } from '../context/call-context.js';
import { HealthCheckResponse_ServingStatus as Wire, HealthDefinition } from '../gen/grpc/health/v1/health.pb.js';
import type { ServiceImplementation } from '../server/implementation.js';

export type ServingStatus = 'SERVING' | 'NOT_SERVING' | 'UNKNOWN';

/**
 * `grpc.health.v1.Health`: what a server says of itself and its services. The key "" is the whole server.
 * Check answers NOT_FOUND for a service nobody has set; Watch answers SERVICE_UNKNOWN and stays open.
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export class Health {
  static readonly definition = HealthDefinition;

  private readonly statuses = new Map<string, ServingStatus>([['', 'NOT_SERVING']]);
  private readonly watchers = new Set<() => void>();
  private frozen = false;

  /** Sets the status of `service` ("" is the whole server) and tells its watchers. Ignored after `shutdown()`. */
  set(service: string, status: ServingStatus): void {
    if (this.frozen || this.statuses.get(service) === status) return;
    this.statuses.set(service, status);
    for (const notify of [...this.watchers]) notify();
  }

  get(service: string): ServingStatus | undefined {
    return this.statuses.get(service);
  }

  /** Everything NOT_SERVING, for good: a late `set` must not bring a draining server back. */
  shutdown(): void {
    for (const service of this.statuses.keys()) this.set(service, 'NOT_SERVING');
    this.frozen = true;
  }

  /** The handlers to serve. */
  readonly implementation: ServiceImplementation<typeof HealthDefinition> = {
    check: async ({ service }) => {
      const status = this.statuses.get(service);
      if (status === undefined)
        throw new RpcError(Code.NOT_FOUND, `no service ${JSON.stringify(service)} is served here`);
      return { status: Wire[status] };
    },
    list: async () => ({
      statuses: Object.fromEntries([...this.statuses].map(([service, status]) => [service, { status: Wire[status] }])),
    }),
    watch: ({ service }, context) => this.follow(service, context),
  };

  /** The current status at once, then every change, until the caller leaves. */
  private async *follow(
    service: string,
    context: CallContext,
  ): AsyncGenerator<{ status: (typeof Wire)[keyof typeof Wire] }> {
    let wake = (): void => {};
    const notify = (): void => wake();
    this.watchers.add(notify);
    context.cancellation.onCancel(notify);
    try {
      let told: ServingStatus | 'SERVICE_UNKNOWN' | undefined;
      while (!context.cancelled) {
        const status = this.statuses.get(service) ?? 'SERVICE_UNKNOWN';
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (status !== told) {
          told = status;
          yield { status: Wire[status] };
        } else await changed;
      }
    } finally {
      this.watchers.delete(notify);
      context.cancellation.removeListener(notify);
    }
  }
}
