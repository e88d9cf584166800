import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { startAgent, type Agent } from '@breakwater/agent';

/** Runs a script in a process of its own. @returns what it printed, once it ended by itself */
function run(script: string, address: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('..', import.meta.url),
    env: { ...process.env, ADDRESS: address },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => void (printed += chunk.toString()));
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the process did not end by itself; it printed: ${printed}`));
    }, 15_000);
    child.once('exit', (code) => {
      clearTimeout(limit);
      if (code === 0) resolve(printed.trim());
      else reject(new Error(`exit ${code}: ${printed}`));
    });
  });
}

const PREAMBLE = `
  import { consul } from '@breakwater/consul';
  import { parseTarget } from '@breakwater/discovery';
  const registry = consul({ address: process.env.ADDRESS });
`;

describe('a process that only watches and is registered', function () {
  this.timeout(30_000);
  let agent: Agent;
  before(async () => {
    agent = await startAgent({ port: 0 });
  });
  after(() => agent.close());

  it('waits for the answers it awaits, and ends by itself then', async () => {
    const script = `${PREAMBLE}
      const registration = await registry.register({ service: 'short', host: '127.0.0.1', port: 1 });
      const watcher = registry.watch(parseTarget('consul:///short'));
      watcher.subscribe(({ endpoints }) => console.log(registration.state.kind, endpoints.length));
    `;
    assert.equal(await run(script, agent.address), 'registered 1');
  });

  it('ends by itself when the agent is out of reach, having said so', async () => {
    const script = `${PREAMBLE}
      const registration = await registry.register({ service: 'short', host: '127.0.0.1', port: 1 });
      const watcher = registry.watch(parseTarget('consul:///short'));
      watcher.subscribe(({ unavailable }) => console.log(registration.state.kind, unavailable.reason));
    `;
    assert.equal(await run(script, 'http://127.0.0.1:9'), 'retrying REGISTRY_UNAVAILABLE');
  });
});
