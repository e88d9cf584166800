import { PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import {
  closeClient,
  createClient,
  createService,
  type ClientPolicies,
  type ServerPolicies,
} from '@breakwater/service';
import { enablePropagation } from '@breakwater/rpc';
import type { Contender } from './contender.js';
import { versionOf } from './version-of.js';
import { HOST, METADATA, REQUEST, RESPONSE, SERVICE, TIMEOUT_MS } from './workload.js';

const versions = {
  '@breakwater/service': versionOf('@breakwater/service'),
  '@grpc/grpc-js': versionOf('@grpc/grpc-js'),
};

/** A service and a client made by the public API. `propagation`: as in a server process that has clients of its own. */
const contender = (name: string, client: ClientPolicies, server: ServerPolicies, propagation = false): Contender => ({
  name,
  versions,
  async serve() {
    if (propagation) enablePropagation();
    const notMeasured = (): never => {
      throw new Error('not part of this benchmark');
    };
    const service = createService({ name: SERVICE, host: HOST, logger: false, signals: false, policies: server }).add(
      PaymentsDefinition,
      {
        authorize: async () => RESPONSE,
        refund: notMeasured,
        listPayments: notMeasured,
      },
    );
    const { port } = await service.start();
    return { port, close: async () => void (await service.stop()) };
  },
  async connect(port) {
    const payments = createClient(PaymentsDefinition, `${HOST}:${port}`, { policies: client });
    const options = { metadata: METADATA };
    return { call: () => payments.authorize(REQUEST, options), close: () => closeClient(payments) };
  },
});

/** Everything that is on by default, on both sides. */
export const breakwater = contender('breakwater, default stacks', {}, {});

/** The same in a server that makes calls of its own: every handler runs in an AsyncLocalStorage. */
export const breakwaterPropagating = contender('breakwater, default stacks + context propagation', {}, {}, true);

/** The deadline and nothing else: what the policies cost is the difference. */
export const breakwaterBare = contender(
  'breakwater, no policies',
  { bulkhead: false, retry: false, circuitBreaker: false, deadline: { timeoutMs: TIMEOUT_MS } },
  { concurrencyLimit: false },
);
