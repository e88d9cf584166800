import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shop } from '@breakwater/contracts';
import { closeClient, createClient } from '@breakwater/service';
import { temporaryFolder } from '@breakwater-examples/shop-common/testing';
import type { ChildMessage } from '@breakwater-examples/shop-common';

describe('the bank as a process', () => {
  const folder = temporaryFolder();

  const start = async () => {
    const args = ['--no-registry', '--journal', join(folder(), 'bank.jsonl'), '--think-ms', '0'];
    const child = spawn(process.execPath, [fileURLToPath(new URL('./main.js', import.meta.url)), ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [message] = (await once(child, 'message')) as [ChildMessage];
    assert.ok(message.kind === 'ready');
    const client = createClient(shop.bank.v1.BankDefinition, `${message.host}:${message.port}`);
    return { child, client };
  };
  const request = (key: string) => ({
    idempotencyKey: key,
    amount: { minorUnits: 100n, currencyCode: 'EUR' },
    reference: key,
    source: { $case: 'cardToken' as const, value: 'card' },
  });

  it('after kill -9 in the middle of its work it knows every charge that it had answered', async () => {
    const before = await start();
    const answered = new Map<string, string>();
    const calls = Array.from({ length: 200 }, async (_, n) => {
      const { charge } = await before.client.charge(request(`k${n}`), { maxAttempts: 1 });
      answered.set(`k${n}`, charge?.chargeId ?? '');
      if (answered.size === 50) before.child.kill('SIGKILL');
    });
    await Promise.allSettled([...calls, once(before.child, 'exit')]);
    await closeClient(before.client);
    assert.ok(answered.size >= 50);

    const after = await start();
    for (const [key, chargeId] of answered) {
      const { charge, replayed } = await after.client.charge(request(key));
      assert.equal(replayed, true);
      assert.equal(charge?.chargeId, chargeId);
    }
    await closeClient(after.client);
    after.child.kill('SIGTERM');
    const [code] = await once(after.child, 'exit');
    assert.equal(code, 0);
  });

  it('ends with the process that started it', async () => {
    const { child, client } = await start();
    await closeClient(client);
    child.disconnect();
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
});
