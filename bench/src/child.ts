import { contenderOf } from './contenders/index.js';
import type { RunningClient } from './contenders/contender.js';
import type { FromChild, SliceRequest, SliceResult, ToChild } from './protocol.js';

/** A process that is one side of one contender: `child.js server NAME` or `child.js client NAME PORT`. */
const [role, name, port] = process.argv.slice(2);

const tell = (message: FromChild): void => void process.send?.(message);

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function runSlice(client: RunningClient, { calls, concurrency }: SliceRequest): Promise<SliceResult> {
  const latencies = new Float64Array(calls);
  let started = 0;
  let failed = 0;
  const worker = async (): Promise<void> => {
    for (let index = started++; index < calls; index = started++) {
      const begun = performance.now();
      try {
        await client.call();
      } catch {
        failed += 1;
      }
      latencies[index] = (performance.now() - begun) * 1000;
    }
  };
  const cpuBefore = cpuUs();
  const begun = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const wallUs = (performance.now() - begun) * 1000;
  const used = cpuUs() - cpuBefore;
  latencies.sort();
  const at = (part: number): number => latencies[Math.min(calls - 1, Math.floor(calls * part))] ?? 0;
  return { wallUs, cpuUs: used, failed, p50Us: at(0.5), p99Us: at(0.99) };
}

async function main(): Promise<void> {
  const contender = contenderOf(name ?? '');
  if (role === 'server') {
    const server = await contender.serve();
    process.on('message', (message: ToChild) => {
      if (message.ask === 'cpu') tell({ told: 'cpu', cpuUs: cpuUs() });
      if (message.ask === 'stop') void server.close().then(() => process.exit(0));
    });
    tell({ told: 'ready', port: server.port });
    return;
  }
  const client = await contender.connect(Number(port));
  process.on('message', (message: ToChild) => {
    if (message.ask === 'slice') {
      runSlice(client, message.slice).then(
        (result) => tell({ told: 'slice', result }),
        (error: unknown) => tell({ told: 'failed', message: String(error) }),
      );
    }
    if (message.ask === 'stop') void client.close().then(() => process.exit(0));
  });
  await client.call();
  tell({ told: 'ready', port: 0 });
}

process.on('disconnect', () => process.exit(0));
main().catch((error: unknown) => {
  tell({ told: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
});
