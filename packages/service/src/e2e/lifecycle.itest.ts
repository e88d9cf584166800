import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Code } from '@breakwater/core';
import { ListenError } from '@breakwater/rpc';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import { EchoDefinition } from '../testing/echo.js';
import { CHAT_PROCESS } from './chat-process.itest.js';
import { failure, load, Town } from './chat.itest.js';
import { describeOnEachTransport } from './each-transport.itest.js';

describeOnEachTransport('services that come and go', (transport) => {
  let town: Town;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    town = new Town(transport);
  });
  afterEach(async () => {
    await town.close();
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  });

  /** An instance in a process of its own; `lines` is what it has written. */
  const spawned = async (...args: string[]): Promise<{ child: ChildProcess; port: number; lines: string[] }> => {
    const child = spawn(process.execPath, [CHAT_PROCESS, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, BREAKWATER_SERVICE_TRANSPORT: transport },
    });
    children.push(child);
    const lines: string[] = [];
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the child ended with ${code}`)));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        lines.push(line);
        const match = /^port (\d+)$/.exec(line);
        if (match !== null) resolve(Number(match[1]));
      });
    });
    return { child, port, lines };
  };
  const exitOf = async (child: ChildProcess): Promise<unknown> => (await once(child, 'exit'))[0];

  /** Loads `client`; `act` runs once there has been some load, and then as much again follows. */
  const underLoad = async (client: Parameters<typeof load>[0], act: () => Promise<unknown>) => {
    let calls = 0;
    let after = 0;
    let acting: Promise<unknown> | undefined;
    let acted = false;
    const result = await load(client, () => {
      calls += 1;
      if (calls === 200)
        acting = act().finally(() => {
          acted = true;
        });
      if (acted) after += 1;
      return after > 400;
    });
    await acting;
    assert.ok(result.ok > 500);
    return result.failed;
  };

  it('lose no call when one of two is stopped under load', async () => {
    const [first] = [await town.open(), await town.open()];
    const client = town.client();
    const failed = await underLoad(client, async () => assert.equal((await first.stop()).forced, false));
    assert.deepEqual(failed, []);
  });

  it('lose no call that may be repeated when one of two is killed under load', async () => {
    await town.open();
    const { child, port } = await spawned();
    await town.registry.register({ service: 'payments', host: '127.0.0.1', port });
    const failed = await underLoad(town.client(), async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    assert.deepEqual(failed, []);
  });

  it('lose no call when they are replaced one after the other under load', async () => {
    const old = [await town.open(), await town.open()];
    const failed = await underLoad(town.client(), async () => {
      for (const service of old) {
        await town.open();
        await service.stop();
      }
    });
    assert.deepEqual(failed, []);
  });

  it('lose no call when connections reach their age under load', async () => {
    const peers = new Set<string | undefined>();
    await town.open(
      {
        one: async (_request, { peer }) => {
          peers.add(peer);
          return {};
        },
      },
      { limits: { maxConnectionAgeMs: 1000, maxConnectionAgeGraceMs: 1000 } },
    );
    const { failed } = await load(town.client(), () => peers.size > 2);
    assert.deepEqual(failed, []);
  }).timeout(20_000);

  it('stop in order at SIGTERM with exit code 0, one log line each for start and stop', async () => {
    const { child, port, lines } = await spawned();
    const client = town.client({}, `static:///127.0.0.1:${port}`);
    assert.equal((await client.one({ text: 'x' })).text, 'x');
    const exit = exitOf(child);
    child.kill('SIGTERM');
    assert.equal(await exit, 0);
    const events = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => (JSON.parse(line) as { event: string }).event);
    assert.deepEqual(events, ['listening', 'stopped']);
  });

  it('end at the second signal whatever still runs, saying what', async () => {
    const { child, port, lines } = await spawned('--hang');
    const client = town.client({ policies: { retry: false } }, `static:///127.0.0.1:${port}`);
    const call = failure(client.one({}, { timeoutMs: 60_000 }));
    // The server answers other calls: it has the first one too.
    for await (const _note of client.count({ count: 1 }));
    const exit = exitOf(child);
    child.kill('SIGINT');
    // It refuses new connections once it has begun to stop.
    const probe = town.client({ policies: { retry: false }, authority: 'probe' }, `static:///127.0.0.1:${port}`);
    for (;;)
      if (
        (await probe.collect((async function* () {})()).then(
          () => 'OK',
          () => 'refused',
        )) === 'refused'
      )
        break;
    child.kill('SIGINT');
    assert.equal(await exit, 130);
    const cut = await call;
    assert.equal(cut.code, Code.UNAVAILABLE, cut.message);
    const forced = lines.find((line) => line.includes('"forced"'));
    assert.match(forced ?? '', /test\.v1\.Chat\/One/);
  });

  it('give back the place of a handler that never returns', async () => {
    const service = await town.open(
      { one: () => new Promise(() => {}) },
      {
        lifecycle: { abandonHandlerAfterMs: 50, propagationWaitMs: 0 },
        policies: { concurrencyLimit: { maxInFlight: 1 } },
      },
    );
    const client = town.client({ policies: { retry: false } });
    const first = await failure(client.one({}, { timeoutMs: 100 }));
    assert.equal(first.code, Code.DEADLINE_EXCEEDED);
    for (;;) {
      const next = await failure(client.one({}, { timeoutMs: 100 }));
      if (next.code === Code.DEADLINE_EXCEEDED) break;
      assert.equal(next.reason, 'CONCURRENCY_LIMITED');
      assert.ok((next.retryAfterMs ?? 0) > 0);
    }
    assert.equal((await service.stop()).forced, false);
  });

  it('say which port is taken', async () => {
    const { port } = await town.open();
    await assert.rejects(town.open({}, { port }), (error: Error) => {
      assert.ok(error instanceof ListenError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: the port is taken.*option "port"`));
      return true;
    });
  });

  it('answer calls of a service or method that they do not have with what comes near', async () => {
    await town.open();
    const options = { registry: town.registry, transport };
    const stranger = createClient(EchoDefinition, 'memory:///payments', options);
    const noService = await failure(stranger.one({}));
    assert.equal(noService.code, Code.UNIMPLEMENTED);
    assert.match(noService.details, /test\.v1\.Echo/);
    const misspelt = { ...EchoDefinition, fullName: 'test.v1.Chat' };
    const other = createClient(
      { ...misspelt, methods: { one: { ...misspelt.methods.one, name: 'Won' } } },
      'memory:///payments',
      options,
    );
    const noMethod = await failure(other.one({}));
    assert.equal(noMethod.reason, 'METHOD_UNKNOWN');
    assert.match(noMethod.details, /no method "?Won"?.*did you mean .*One/);
    await closeClient(stranger);
    await closeClient(other);
  });

  it('are missed at once under a name that nobody has, which says who was asked', async () => {
    await town.open();
    const error = await failure(town.client({}, 'memory:///paymets').one({}));
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(error.reason, 'NO_ENDPOINTS');
    assert.match(error.details, /in-memory registry.*paymets.*did you mean "payments"/);
  });
});
