import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Agent, startAgent } from '@breakwater/agent';
import { consul } from '@breakwater/consul';
import { Code, createRuntime, RpcError, type Runtime } from '@breakwater/core';
import type { Registry } from '@breakwater/discovery';
import { type Fault, type FaultProxy, SeededRandom, startFaultProxy } from '@breakwater/testing';
import { createClient } from '../client/create-client.js';
import { closeClient, inspectClient } from '../client/client-handle.js';
import { EchoDefinition } from '../testing/echo.js';
import { type Child, endForcibly, startChild } from './child.full.itest.js';

const SEED = 20_261_122;
const CHAOS_MS = 90_000;
/** One call every so often, whether or not the ones before have ended: load does not wait for a service in trouble. */
const CALL_EVERY_MS = 4;
const INSTANCES = 3;

const random = new SeededRandom(SEED);
const between = (low: number, high: number): number => low + random.next() * (high - low);
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One instance behind its proxy. */
class Instance {
  private child: Child | undefined;
  private constructor(
    readonly proxy: FaultProxy,
    private readonly args: readonly string[],
  ) {}

  static async create(agent: Agent, journal: string): Promise<Instance> {
    const port = await freePort();
    const proxy = await startFaultProxy({ target: `127.0.0.1:${port}`, random: new SeededRandom(SEED + port) });
    const args = ['--port', port, '--advertise', proxy.port, '--agent', agent.address, '--journal', journal];
    return new Instance(proxy, args.map(String));
  }

  async start(): Promise<void> {
    this.child = await startChild('chaos-service', this.args);
    await this.child.ask('start');
  }

  async kill(): Promise<void> {
    this.child?.process.kill('SIGKILL');
    await this.child?.ended();
  }

  async close(): Promise<void> {
    endForcibly(this.child);
    await this.proxy.close();
  }
}

/** How the calls of one method ended. */
class Tally {
  made = 0;
  ok = 0;
  readonly failed = new Map<string, number>();
  /** By how much the latest one outlived its deadline, ms. */
  latestMs = Number.NEGATIVE_INFINITY;

  fail(error: RpcError): void {
    const kind = `${Code[error.code]} ${error.reason ?? ''}`.trim();
    this.failed.set(kind, (this.failed.get(kind) ?? 0) + 1);
  }

  toString(): string {
    const failed = [...this.failed].map(([kind, count]) => `${count} ${kind}`).join(', ');
    return `${this.ok} of ${this.made} succeeded${failed === '' ? '' : ` (${failed})`}`;
  }
}

describe('three instances under chaos', function () {
  this.timeout(10 * 60_000);
  let dir = '';
  let agent: Agent;
  let registry: Registry;
  let runtime: Runtime;
  let instances: Instance[] = [];
  let client: ReturnType<typeof createClient<typeof EchoDefinition>>;
  const counts = { retries: 0, hits: new Map<string, number>() };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-chaos-'));
    writeFileSync(join(dir, 'journal'), '');
    agent = await startAgent({ port: 0 });
    for (let index = 0; index < INSTANCES; index++) instances.push(await Instance.create(agent, join(dir, 'journal')));
    await Promise.all(instances.map((instance) => instance.start()));
    runtime = createRuntime();
    runtime.events.subscribe(({ type }) => {
      if (type === 'retry') counts.retries += 1;
    });
    registry = consul({ address: agent.address });
    client = createClient(EchoDefinition, 'consul:///chaos', {
      registry,
      runtime,
      policies: { attemptTimeout: { timeoutMs: 300 } },
      // What may not be repeated is waited for until its deadline.
      methods: { Charge: { attemptTimeout: false } },
    });
  });
  after(async () => {
    await closeClient(client, 0);
    await registry.close();
    await Promise.all(instances.map((instance) => instance.close()));
    instances = [];
    await agent.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Makes one call; its end goes into the tally. Never rejects for an `RpcError`. */
  const call = async (tally: Tally, timeoutMs: number, make: () => Promise<unknown>): Promise<void> => {
    tally.made += 1;
    const startedAt = performance.now();
    try {
      await make();
      tally.ok += 1;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      tally.fail(error);
    }
    tally.latestMs = Math.max(tally.latestMs, performance.now() - startedAt - timeoutMs);
  };

  const hit = (kind: string): void => void counts.hits.set(kind, (counts.hits.get(kind) ?? 0) + 1);

  const faults = (): Fault =>
    oneOf<Fault>([
      { kind: 'latency', delayMs: between(5, 80), jitterMs: 5 },
      { kind: 'bandwidth', bytesPerSecond: Math.ceil(between(2000, 50_000)) },
      { kind: 'slicer', averageBytes: 5, variationBytes: 4 },
      { kind: 'reset_peer', afterMs: between(0, 500) },
      { kind: 'black_hole' },
      { kind: 'black_hole', direction: 'downstream' },
      { kind: 'limit_data', bytes: Math.ceil(between(500, 50_000)) },
    ]);

  /** Does something bad to an instance and makes it good again. */
  const trouble = async (instance: Instance): Promise<void> => {
    const what = random.next();
    if (what < 0.12) {
      hit('kill -9');
      await instance.kill();
      await pause(between(100, 2500));
      await instance.start();
      return;
    }
    if (what < 0.22) {
      hit('down');
      await instance.proxy.down();
      await pause(between(200, 1500));
      await instance.proxy.up();
      return;
    }
    if (what < 0.3) {
      hit('cut');
      instance.proxy.cut();
      return;
    }
    const fault = faults();
    hit(fault.kind);
    const repair = instance.proxy.add(fault);
    await pause(between(200, 2000));
    repair();
  };

  const restartRegistry = async (): Promise<void> => {
    hit('registry restart');
    const { port } = agent;
    await agent.close();
    await pause(between(0, 2000));
    agent = await startAgent({ port });
  };

  it('settle every call in time, do nothing twice, bound retries, and recover', async () => {
    const startedAt = performance.now();
    const over = (): boolean => performance.now() - startedAt > CHAOS_MS;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const tallies = { one: new Tally(), charge: new Tally(), count: new Tally() };
    const charged: string[] = [];
    const pending = new Set<Promise<void>>();
    let id = 0;
    const makeOne = (): void => {
      id += 1;
      const key = `k${id}`;
      const kind = id % 10 < 6 ? 'one' : id % 10 < 9 ? 'charge' : 'count';
      const timeoutMs = kind === 'charge' ? oneOf([50, 200, 1000]) : oneOf([1000, 2000, 3000]);
      const made = call(tallies[kind], timeoutMs, async () => {
        if (kind === 'one') await client.one({ text: key }, { timeoutMs });
        else if (kind === 'charge') {
          await client.charge({ text: key }, { timeoutMs });
          charged.push(key);
        } else for await (const _message of client.count({ count: 5 }, { timeoutMs }));
      });
      pending.add(made);
      void made.then(() => pending.delete(made));
    };

    const load = (async () => {
      while (!over()) {
        makeOne();
        await pause(CALL_EVERY_MS);
      }
    })();
    const [spared, ...others] = instances as [Instance, Instance, Instance];
    let unharmed = spared;
    // Two instances may be in trouble at a time; the third is well. Which one that is changes between two troubles.
    const chaos = (async () => {
      while (!over()) {
        const victims = instances.filter((instance) => instance !== unharmed);
        await Promise.all(victims.map((victim) => (random.next() < 0.85 ? trouble(victim) : pause(300))));
        await pause(between(50, 400));
        unharmed = oneOf([spared, ...others]);
      }
    })();
    const registryTrouble = (async () => {
      while (!over()) {
        await pause(between(5000, 15_000));
        if (!over()) await restartRegistry();
      }
    })();
    await Promise.all([load, chaos, registryTrouble]);
    // A call that never settles keeps this waiting until the time limit of the test.
    await Promise.all(pending);
    delay.disable();

    const calls = tallies.one.made + tallies.charge.made + tallies.count.made;
    const stallMs = delay.max / 1e6;
    const lines = [
      `seed ${SEED}; ${[...counts.hits].map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
      ...Object.entries(tallies).map(([kind, tally]) => `${kind}: ${tally.toString()}`),
      `${counts.retries} retries of ${calls} calls; latest end ${Math.max(...Object.values(tallies).map(({ latestMs }) => latestMs)).toFixed(0)} ms after its deadline, longest stall of this process ${stallMs.toFixed(0)} ms`,
    ];
    for (const line of lines) process.stdout.write(`    ${line}\n`);

    for (const [kind, tally] of Object.entries(tallies))
      assert.ok(tally.latestMs < 50 + 2 * stallMs, `${kind}: a call ended ${tally.latestMs} ms after its deadline`);
    assert.ok(tallies.one.ok / tallies.one.made >= 0.99, `idempotent calls: ${tallies.one.toString()}`);
    assert.ok(counts.retries <= calls * 0.1 + 10, `${counts.retries} retries of ${calls} calls`);

    await recovery(tallies.one);
    const journal = readFileSync(join(dir, 'journal'), 'utf8').trimEnd().split('\n');
    const times = new Map<string, number>();
    let begun = 0;
    for (const line of journal) {
      const [kind, key = ''] = line.split(' ');
      begun += 1;
      if (kind === 'charge') times.set(key, (times.get(key) ?? 0) + 1);
    }
    assert.deepEqual(
      [...times].filter(([, count]) => count > 1),
      [],
      'charged twice',
    );
    assert.deepEqual(
      charged.filter((key) => times.get(key) !== 1),
      [],
      'answered, but not charged',
    );
    const recovered = tallies.one.made;
    assert.ok(begun <= (calls + recovered) * 1.1 + 10, `${begun} handlers begun for ${calls} calls`);
  });

  /** With nothing wrong any more, all instances are connected again and no call fails. */
  async function recovery(tally: Tally): Promise<void> {
    const ready = (): number => inspectClient(client).endpoints.filter(({ state }) => state === 'ready').length;
    for (let tries = 0; ready() < INSTANCES; tries++) {
      assert.ok(tries < 3000, `not all are back: ${JSON.stringify(inspectClient(client))}`);
      // Calls let breakers close and endpoints in trouble be tried again.
      await call(tally, 1000, () => client.one({ text: 'warm' }, { timeoutMs: 1000 }));
      await pause(20);
    }
    for (let answered = 0, tries = 0; answered < 50; tries++) {
      // The breaker may be open for a moment more.
      assert.ok(tries < 1000, 'the breaker does not close');
      answered = await client.one({ text: 'probe' }).then(
        () => answered + 1,
        () => 0,
      );
      if (answered === 0) await pause(20);
    }
    const seen = new Set<string>();
    for (let index = 0; index < 300; index++) {
      const { text } = await client.one({ text: `after${index}` });
      await client.charge({ text: `after${index}` });
      seen.add(text);
    }
    assert.equal(seen.size, INSTANCES, 'an instance gets no calls');
  }
});
