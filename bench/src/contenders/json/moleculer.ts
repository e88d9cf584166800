import { type Context, ServiceBroker } from 'moleculer';
import type { Sides } from '../contender.js';
import { freePort } from '../free-port.js';
import { HOST, METADATA, TIMEOUT_MS } from '../workload.js';
import { JSON_REQUEST, JSON_RESPONSE } from './messages.js';

const SERVER_NODE = 'server';
const SERVICES = ['payments', 'load'];

/** A node with the policies that moleculer has: circuit breaker, bulkhead, retry and timeout. */
const broker = (nodeID: string, port: number, urls: readonly string[]): ServiceBroker =>
  new ServiceBroker({
    nodeID,
    logger: false,
    serializer: 'JSON',
    transporter: {
      type: 'TCP',
      options: { udpDiscovery: false, port, urls, useHostname: false, maxPacketSize: 16 * 1024 * 1024 },
    },
    requestTimeout: TIMEOUT_MS,
    circuitBreaker: { enabled: true },
    bulkhead: { enabled: true, concurrency: 1024, maxQueueSize: 1024 },
    retryPolicy: { enabled: true },
  });

/** moleculer's own protocol over TCP, in JSON: it knows no binary messages, so bytes go as base64. */
export const moleculer: Sides = {
  async serve() {
    const port = await freePort();
    const node = broker(SERVER_NODE, port, []);
    node.createService({ name: 'payments', actions: { authorize: () => JSON_RESPONSE } });
    node.createService({
      name: 'load',
      actions: { unary: ({ params }: Context<{ data: string }>) => ({ data: params.data }) },
    });
    await node.start();
    return { port, close: () => node.stop() };
  },
  async connect(port) {
    const own = await freePort();
    const node = broker(`client-${own}`, own, [`${HOST}:${port}/${SERVER_NODE}`]);
    await node.start();
    await node.waitForServices(SERVICES, 20_000, 100);
    const options = { timeout: TIMEOUT_MS, meta: METADATA };
    return {
      unary: () => node.call('payments.authorize', JSON_REQUEST, options),
      payload: async (data) => {
        const sent = { data: data.toString('base64') };
        const answer = await node.call<{ data: string }, typeof sent>('load.unary', sent, options);
        return Buffer.from(answer.data, 'base64').length;
      },
      close: () => node.stop(),
    };
  },
};
