import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Code, createRuntime, fail, succeed, type Outcome } from '@breakwater/core';
import { serverLimits, type Listener } from '@breakwater/rpc';
import { UNARY } from '@breakwater/rpc/conformance';
import { wireTransport } from './wire-transport.js';

const SCRIPT = `
  import { Attributes, Cancellation, createRuntime, Metadata } from '@breakwater/core';
  import { clientLimits } from '@breakwater/rpc';
  import { UNARY } from '@breakwater/rpc/conformance';
  import { wireTransport } from '@breakwater/wire';
  const runtime = createRuntime();
  const connection = wireTransport().connect({ host: '127.0.0.1', port: Number(process.env.PORT) },
    { authority: 'test', limits: clientLimits(), backoff: { initialMs: 100, maxMs: 1000 }, runtime });
  const waits = runtime.clock.setTimer(10_000, () => process.exit(3));
  connection.onStateChange(async () => {
    if (connection.state !== 'ready') return;
    waits.cancel();
    const now = runtime.clock.now();
    const call = { operation: UNARY, target: 'test', deadline: Infinity, now, metadata: Metadata.EMPTY, request: process.env.ASK,
      cancellation: new Cancellation(), attempt: 1, attributes: Attributes.EMPTY, tried: [] };
    const outcome = await connection.call(UNARY, call);
    console.log(outcome.ok ? outcome.value : outcome.status.details);
    // Nothing is closed: the process is to end all the same.
  });
  connection.connect();
`;

describe('a process with a connection', function () {
  this.timeout(30_000);
  let listener: Listener;
  before(async () => {
    const runtime = createRuntime();
    const handler = async ({ request }: { readonly request: unknown }): Promise<Outcome> => {
      if (request === 'slow') await new Promise((resolve) => void runtime.clock.setTimer(500, () => resolve(0)));
      return typeof request === 'string'
        ? succeed(`answered ${request}`)
        : fail({ code: Code.INTERNAL, details: 'no text', origin: 'handler' });
    };
    const options = { name: 'test', host: '127.0.0.1', port: 0, limits: serverLimits(), runtime };
    listener = await wireTransport().listen(options, new Map([[UNARY.path, { method: UNARY, handler }]]));
  });
  after(() => listener.close());

  for (const [ask, title] of [
    ['quick', 'ends by itself when it has nothing else to do'],
    ['slow', 'stays until a call without a deadline has been answered'],
  ] as const) {
    it(title, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
        cwd: new URL('..', import.meta.url),
        env: { ...process.env, PORT: String(listener.address.port), ASK: ask },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0);
      assert.equal(printed.trim(), `answered ${ask}`);
    });
  }
});
