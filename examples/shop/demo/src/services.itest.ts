import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { shop } from '@breakwater/contracts';
import { createClient, closeClient } from '@breakwater/service';
import { temporaryFolder } from '@breakwater-examples/shop-common/testing';
import type { ChildMessage } from '@breakwater-examples/shop-common';

const MAINS = {
  bank: import.meta.resolve('@breakwater-examples/shop-bank/main'),
  inventory: import.meta.resolve('@breakwater-examples/shop-inventory/main'),
  payments: import.meta.resolve('@breakwater-examples/shop-payments/main'),
  orders: import.meta.resolve('@breakwater-examples/shop-orders/main'),
} as const;
type ServiceName = keyof typeof MAINS;

describe('each service of the shop alone', function () {
  this.timeout(30_000);
  const folder = temporaryFolder();

  const start = (name: ServiceName, ...args: string[]) => {
    const child = spawn(process.execPath, [fileURLToPath(MAINS[name]), ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Default paths lie in the folder for temporary files.
      env: { ...process.env, TMPDIR: folder() },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
    return { child, finished };
  };

  for (const name of Object.keys(MAINS) as ServiceName[]) {
    it(`${name} starts on a free port without a registry, and ends in order`, async () => {
      const { child, finished } = start(name, '--no-registry', '--port', '0');
      const [message] = (await once(child, 'message')) as [ChildMessage];
      assert.ok(message.kind === 'ready' && message.port > 0);
      child.kill('SIGTERM');
      const { code, output } = await finished;
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`${name} listens on 127\\.0\\.0\\.1:${message.port}`));
      assert.match(output, new RegExp(`${name} stopped after`));
    });

    it(`${name} explains a wrong option, a taken port and itself`, async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const { port } = holder.address() as { port: number };
      const [help, misspelt, outOfRange, taken] = await Promise.all([
        start(name, '--help').finished,
        start(name, '--prot', '1').finished,
        start(name, '--port', '70000').finished,
        start(name, '--no-registry', '--port', String(port)).finished,
      ]);
      holder.close();
      assert.equal(help.code, 0);
      assert.match(help.output, new RegExp(`^${name}: [^]*--port N[^]*--help`));
      assert.deepEqual(misspelt, { code: 2, output: 'unknown option --prot; did you mean --port?\n' });
      assert.deepEqual(outOfRange, {
        code: 2,
        output: '--port is "70000", but must be a whole number from 0 to 65535\n',
      });
      assert.equal(taken.code, 1);
      assert.match(taken.output, new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: the port is taken`));
    });
  }

  it('payments misbehave on request only where that was allowed', async () => {
    for (const allowed of [true, false]) {
      const { child, finished } = start('payments', '--no-registry', ...(allowed ? ['--allow-faults'] : []));
      const [message] = (await once(child, 'message')) as [ChildMessage];
      assert.ok(message.kind === 'ready');
      const faults = createClient(shop.faults.v1.FaultsDefinition, `${message.host}:${message.port}`);
      const answer = faults.setFaults({ behaviour: { failureRatio: 0.5 } });
      if (allowed) assert.equal((await answer).behaviour?.failureRatio, 0.5);
      else await assert.rejects(answer, /UNIMPLEMENTED/);
      await closeClient(faults);
      child.kill('SIGTERM');
      await finished;
    }
  });
});
