import assert from 'node:assert/strict';
import { Code, createRuntime, RpcError, type Runtime } from '@breakwater/core';
import { FakeClock } from '@breakwater/core/testing';
import { inMemoryRegistry, type InMemoryRegistry } from '@breakwater/discovery';
import { inProcessTransport, type Transport } from '@breakwater/rpc';
import { type Logger, pino } from 'pino';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import type { ClientOptions } from '../client/client-options.js';
import { createService, type Service } from '../server/create-service.js';
import { echo, EchoDefinition } from '../testing/echo.js';

interface Line {
  readonly by: string;
  readonly event: string;
  readonly level?: number;
  readonly msg?: string;
}

describe('the log lines of a process', () => {
  let clock: FakeClock;
  let runtime: Runtime;
  let registry: InMemoryRegistry;
  let transport: Transport;
  let lines: Line[];
  beforeEach(() => {
    clock = new FakeClock();
    runtime = createRuntime({ clock });
    registry = inMemoryRegistry({ clock });
    transport = inProcessTransport();
    lines = [];
  });

  const loggerOf = (by: string): Logger =>
    pino({ base: { by } }, { write: (text: string) => void lines.push(JSON.parse(text) as Line) });
  const service = (name: string, handlers: Parameters<typeof echo>[0] = {}): Service =>
    createService({
      name,
      registry,
      transport,
      runtime,
      signals: false,
      logger: loggerOf(name),
      lifecycle: { propagationWaitMs: 0 },
    }).add(EchoDefinition, echo(handlers));
  const client = (options: ClientOptions = {}): ReturnType<typeof createClient<typeof EchoDefinition>> =>
    createClient(EchoDefinition, 'memory:///orders', {
      registry,
      transport,
      runtime,
      policies: { circuitBreaker: { minimumCalls: 2, openMs: 100 }, retry: false },
      ...options,
    });
  const told = (): string[] => lines.splice(0).map(({ by, event }) => `${by}: ${event}`);
  const unavailable = async (): Promise<never> => {
    throw new RpcError(Code.UNAVAILABLE, 'down');
  };

  it('are one for each start, change of registration and stop', async () => {
    const orders = service('orders');
    await orders.start();
    assert.deepEqual(told(), ['orders: listening', 'orders: registration']);
    await clock.run(orders.stop());
    await orders.stop();
    assert.deepEqual(told(), ['orders: registration', 'orders: stopped']);
  });

  it('are one for each breaker transition, however many services share the runtime', async () => {
    const orders = service('orders', { one: unavailable });
    const services = [orders, service('stock'), service('mail')];
    for (const one of services) await one.start();
    const stub = client();
    told();
    for (let call = 0; call < 3; call++) await stub.one({}).catch(() => {});
    assert.deepEqual(told(), ['orders: breaker_transition']);
    await clock.run(orders.stop());
    told();
    await clock.advance(100);
    await clock.run(stub.one({}).catch(() => {}));
    assert.deepEqual(told(), ['stock: breaker_transition', 'stock: breaker_transition'], 'half-open, open again');
    await closeClient(stub);
    for (const one of services) await clock.run(one.stop());
  });

  it("go to a client's own logger alone when it has one, until it is closed", async () => {
    const orders = service('orders', { one: unavailable });
    await orders.start();
    const stub = client({ logger: loggerOf('client') });
    told();
    for (let call = 0; call < 3; call++) await stub.one({}).catch(() => {});
    assert.deepEqual(told(), ['client: breaker_transition']);
    await closeClient(stub);
    const next = client();
    for (let call = 0; call < 3; call++) await next.one({}).catch(() => {});
    assert.deepEqual(told(), ['orders: breaker_transition']);
    await closeClient(next);
    await clock.run(orders.stop());
  });

  it('are one for renewed certificates, and an error when they cannot be used', async () => {
    const services = [service('orders'), service('stock')];
    for (const one of services) await one.start();
    told();
    const renewed = {
      type: 'certificates',
      policy: 'tls',
      name: 'orders',
      why: 'tls.cert (/etc/tls.crt) changed',
    } as const;
    runtime.events.emit({ ...renewed, outcome: 'used' });
    runtime.events.emit({ ...renewed, outcome: 'refused' });
    const written = lines.splice(0);
    assert.deepEqual(
      written.map(({ event, level }) => [event, level]),
      [
        ['certificates', 30],
        ['certificates', 50],
      ],
    );
    assert.match(written[0]?.msg ?? '', /^certificates of orders: tls\.cert \(\/etc\/tls\.crt\) changed/);
    for (const one of services) await clock.run(one.stop());
  });

  it('name a defect once, by the service whose handler it was', async () => {
    const orders = service('orders', {
      one: async () => {
        throw new TypeError('mistake');
      },
    });
    const stock = service('stock');
    await orders.start();
    await stock.start();
    told();
    const stub = client();
    await stub.one({}).catch(() => {});
    assert.deepEqual(told(), ['orders: defect']);
    await closeClient(stub);
    await clock.run(orders.stop());
    await clock.run(stock.stop());
  });

  it('name the error of a dependency that its caller is not told', async () => {
    const orders = service('orders', {
      one: async () => {
        throw RpcError.fromFailure(
          {
            ok: false,
            status: { code: Code.NOT_FOUND, details: 'no row 7', origin: 'remote' },
            sent: 'unknown',
            trailers: new RpcError(Code.OK, '').metadata,
          },
          { target: 'consul:///bank', path: '/bank.v1.Bank/Book' },
        );
      },
    });
    await orders.start();
    told();
    const stub = client();
    await assert.rejects(stub.one({}), (error: RpcError) => !error.message.includes('row 7'));
    const [line] = lines as readonly (Line & { code?: string; target?: string })[];
    assert.deepEqual([line?.event, line?.code, line?.target], ['defect', 'NOT_FOUND', 'consul:///bank']);
    await closeClient(stub);
    await clock.run(orders.stop());
  });
});
