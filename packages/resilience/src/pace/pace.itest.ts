import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const index = new URL('../index.js', import.meta.url).href;

/** Closes a pacer at many points of the preparation of a start that is 1000 s away, and then has nothing more to do. */
const program = `
  import { createRuntime } from ${JSON.stringify(import.meta.resolve('@breakwater/core'))};
  import { pace } from ${JSON.stringify(index)};
  for (let turns = 0; turns < 40; turns++) {
    const pacer = pace({ perSecond: 0.001 }, createRuntime());
    await pacer.schedule(() => 'the first start comes at once');
    const waiting = pacer.schedule(() => 'never').catch((error) => error.reason);
    for (let turn = 0; turn < turns * 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    await pacer.close();
    if ((await waiting) !== 'PACE_CLOSED') throw new Error('not refused');
  }
  console.log('done');
`;

describe('a process with a closed pacer', () => {
  it('ends by itself: no timer of a start to come keeps it alive', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    assert.equal(stdout, 'done\n');
  }).timeout(30_000);
});
