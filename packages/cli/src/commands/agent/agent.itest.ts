import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { consul } from '@breakwater/consul';
import { CliError } from '../../errors.js';
import { testIo } from '../testdata/test-io.js';
import { runAgent } from './run-agent.js';

describe('breakwater agent', function () {
  this.timeout(20_000);

  it('prints its address, the line to export, and one line per change; then closes', async () => {
    const io = testIo();
    const running = runAgent({ host: '127.0.0.1', port: 0, quiet: false }, io);
    await io.until((stdout) => stdout.length >= 2);
    const address = /^export CONSUL_HTTP_ADDR=(http:\/\/127\.0\.0\.1:\d+)$/.exec(io.stdout[1] ?? '')?.[1] ?? '';
    assert.ok(io.stdout[0]?.includes(address));
    const registry = consul({ address });
    const registration = await registry.register({ service: 'orders', host: '10.0.0.1', port: 7, tags: ['v1'] });
    await io.until((stdout) => stdout.length === 3);
    await registration.deregister();
    await io.until((stdout) => stdout.length === 4);
    await registry.close();
    io.stop();
    await running;
    assert.deepEqual(io.stdout.slice(2), [
      '+ orders 10.0.0.1:7 [v1] (orders-10.0.0.1-7) passing',
      '- orders 10.0.0.1:7 [v1] (orders-10.0.0.1-7)',
      'agent closed',
    ]);
    await assert.rejects(fetch(`${address}/v1/status/leader`));
  });

  it('prints no changes when it is to be quiet', async () => {
    const io = testIo();
    const running = runAgent({ host: '127.0.0.1', port: 0, quiet: true }, io);
    await io.until((stdout) => stdout.length === 2);
    const address = io.stdout[1]?.replace(/^.*=/, '') ?? '';
    const registry = consul({ address });
    await (await registry.register({ service: 'orders', host: '10.0.0.1', port: 7 })).deregister();
    await registry.close();
    io.stop();
    await running;
    assert.deepEqual(io.stdout.slice(2), ['agent closed']);
  });

  it('a port that is taken: names the option, and the holder where the system tells', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    try {
      await assert.rejects(runAgent({ host: '127.0.0.1', port, quiet: true }, testIo()), (error: unknown) => {
        assert.ok(error instanceof CliError);
        const held = process.platform === 'linux' ? `, held by .+ \\(pid ${process.pid}\\)` : '';
        assert.match(error.message, new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is taken${held}`));
        assert.match(error.remedy ?? '', /--port/);
        return true;
      });
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });

  it('an address that this machine does not have', async () => {
    await assert.rejects(
      runAgent({ host: '192.0.2.1', port: 0, quiet: true }, testIo()),
      /this machine has no address 192\.0\.2\.1.*--host/,
    );
  });
});
