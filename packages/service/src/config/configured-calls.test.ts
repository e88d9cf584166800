import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Code, RpcError } from '@breakwater/core';
import { inProcessTransport, type Transport } from '@breakwater/rpc';
import { createClient } from '../client/create-client.js';
import { closeClient } from '../client/client-handle.js';
import type { ClientOptions } from '../client/client-options.js';
import { createService, type Service } from '../server/create-service.js';
import { echo, EchoDefinition } from '../testing/echo.js';
import type { Config } from './config.js';
import { loadConfig } from './load-config.js';

describe('a service and a client that are configured from outside', () => {
  let folder: string;
  let transport: Transport;
  const open: (() => Promise<unknown>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'breakwater-configured-'));
    transport = inProcessTransport();
  });
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
    rmSync(folder, { recursive: true });
  });

  const configOf = (lines: readonly string[], env: Record<string, string> = {}): Config => {
    const file = path.join(folder, 'breakwater.yaml');
    writeFileSync(file, lines.join('\n'));
    return loadConfig({ file, env });
  };
  const serviceOf = (config: Config, overrides?: Parameters<typeof echo>[0]): Service => {
    const service = createService({ name: 'echo', transport, config, logger: false, signals: false }).add(
      EchoDefinition,
      echo(overrides),
    );
    open.push(() => service.stop());
    return service;
  };
  const clientOf = (port: number, config: Config, options: ClientOptions = {}) => {
    const client = createClient(EchoDefinition, `127.0.0.1:${port}`, { transport, config, ...options });
    open.push(() => closeClient(client, 0));
    return client;
  };
  const codeOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => Code.OK,
      (error: unknown) => (error instanceof RpcError ? error.code : error),
    );

  it('a limit for one method of a service in the file holds for that method alone', async () => {
    const config = configOf([
      'services:',
      '  default: { lifecycle: { propagationWaitMs: 0 } }',
      '  echo: { methods: { Charge: { rateLimit: { perSecond: 0.001, burst: 1 } } } }',
      'clients:',
      '  default: { policies: { retry: false } }',
    ]);
    const { port } = await serviceOf(config).start();
    const client = clientOf(port, config);
    assert.deepEqual(
      [await codeOf(client.charge({})), await codeOf(client.charge({}))],
      [Code.OK, Code.RESOURCE_EXHAUSTED],
    );
    assert.deepEqual([await codeOf(client.one({})), await codeOf(client.one({}))], [Code.OK, Code.OK]);
  });

  it('the environment wins over the code: attempts of a client', async () => {
    let calls = 0;
    const failing = {
      one: async () => ((calls += 1), await Promise.reject(new RpcError(Code.UNAVAILABLE, 'not now'))),
    };
    const config = configOf([], {
      BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS: '2',
      BREAKWATER_CLIENT_RETRY_INITIAL_BACKOFF_MS: '1',
    });
    const { port } = await serviceOf(config, failing).start();
    assert.equal(
      await codeOf(clientOf(port, config, { policies: { retry: { maxAttempts: 5 } } }).one({})),
      Code.UNAVAILABLE,
    );
    assert.equal(calls, 2);
  });

  it('a call of its own says last: per call wins over the environment', async () => {
    let calls = 0;
    const failing = {
      one: async () => ((calls += 1), await Promise.reject(new RpcError(Code.UNAVAILABLE, 'not now'))),
    };
    const config = configOf([], {
      BREAKWATER_CLIENT_RETRY_MAX_ATTEMPTS: '2',
      BREAKWATER_CLIENT_RETRY_INITIAL_BACKOFF_MS: '1',
    });
    const { port } = await serviceOf(config, failing).start();
    assert.equal(await codeOf(clientOf(port, config).one({}, { maxAttempts: 1 })), Code.UNAVAILABLE);
    assert.equal(calls, 1);
  });

  it('a service does not start with a method in the file that it does not have, and says where it stands', async () => {
    const service = serviceOf(
      configOf(['services:', '  echo:', '    methods: { Chargee: { rateLimit: { perSecond: 1 } } }']),
    );
    await assert.rejects(
      service.start(),
      /breakwater\.yaml:3:38: test\.v1\.Echo has no method Chargee; did you mean Charge\?$/,
    );
  });

  it('a client is not made with settings that contradict each other, whoever said them', () => {
    const config = configOf(['clients: { default: { policies: { attemptTimeout: { timeoutMs: 300 } } } }']);
    assert.throws(
      () => clientOf(1, config, { policies: { deadline: { timeoutMs: 200 } } }),
      /attemptTimeout\.timeoutMs is 300, .*deadline\.timeoutMs from code, attemptTimeout\.timeoutMs from .*breakwater\.yaml:1:64\)$/,
    );
  });
});
