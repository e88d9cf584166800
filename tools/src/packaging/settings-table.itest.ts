import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../child-process.js';
import { ROOT } from '../repo.js';
import { settingsTable, type ShownSetting } from './settings-table.js';

describe('docs/defaults.md', function () {
  this.timeout(30_000);

  it('has the tables of all settings as the program has them', async () => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BREAKWATER_')));
    const { code, stdout, stderr } = await run(
      process.execPath,
      [join(ROOT, 'packages/cli/bin/breakwater.js'), 'config', 'show', '--json'],
      { limitMs: 20_000, env },
    );
    assert.equal(code, 0, stderr);
    const sides = JSON.parse(stdout) as readonly {
      readonly side: string;
      readonly settings: readonly ShownSetting[];
    }[];
    assert.deepEqual(
      sides.map(({ side }) => side),
      ['service', 'client'],
    );
    const document = readFileSync(join(ROOT, 'docs/defaults.md'), 'utf8');
    for (const { side, settings } of sides)
      assert.ok(
        document.includes(`${settingsTable(settings)}\n`),
        `docs/defaults.md does not have this table of the ${side}'s settings:\n${settingsTable(settings)}`,
      );
  });
});
