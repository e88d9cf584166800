import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../repo.js';
import { follow } from './follow-tutorial.js';
import { type LocalRegistry, serveTarballs } from './local-registry.js';
import { packAll } from './pack.js';
import { tutorialSteps } from './tutorial.js';

describe('the tutorial of the README', function () {
  this.timeout(240_000);
  let dir = '';
  let registry: LocalRegistry;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-tutorial-'));
    registry = await serveTarballs(await packAll(dir));
  });

  after(async () => {
    await registry?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('leads from an empty folder to two services talking, and prints what it shows', async () => {
    const steps = tutorialSteps(readFileSync(join(ROOT, 'README.md'), 'utf8'));
    let agents = 0;
    await follow(steps, {
      home: mkdtempSync(join(dir, 'home-')),
      env: { ...process.env, ...registry.env, npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' },
      // The one difference: the agent's usual port may be taken here, so it takes a free one and the services are told.
      replace: (script) => script.replace('breakwater agent', 'breakwater agent --port 0'),
      onOutput: (terminal, lines) => {
        if (terminal !== 'agent') return undefined;
        if (agents > 0) return undefined;
        agents += 1;
        const [address] = /http:\/\/[\d.]+:\d+/.exec(lines.join('\n')) ?? [];
        assert.ok(address !== undefined, `the agent does not say where it listens: ${lines.join('\n')}`);
        return { CONSUL_HTTP_ADDR: address };
      },
    });
    assert.equal(agents, 1, 'the tutorial starts the embedded agent');
  });
});
