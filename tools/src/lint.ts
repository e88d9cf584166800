/**
 * `npm run lint [-- --fix]`
 * The checks that look at sources only: format, lint with types, lockfile, layers, ambient ban. `--fix` repairs what biome and
 * oxlint can, and completes the lockfile.
 */
import { format } from './checks/format.js';
import { sourceChecks } from './checks/index.js';
import { checkLockfile } from './checks/lockfile.js';
import { oxlint } from './checks/oxlint.js';
import { endChildrenOnSignal } from './child-process.js';
import { checkStage, duration, formatFailure } from './stage.js';

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--fix');
if (unknown !== undefined) {
  console.error(`unknown option '${unknown}': the only one is --fix`);
  process.exit(2);
}

endChildrenOnSignal();
if (args.includes('--fix')) {
  await oxlint([], { fix: true });
  await format({ write: true });
  checkLockfile({ fix: true });
}
let failures = 0;
for (const { name, check } of sourceChecks()) {
  const { failed, tookMs } = await checkStage(name, check);
  console.log(`${failed.length === 0 ? '✓' : '✗'} ${name} (${duration(tookMs)})`);
  for (const failure of failed) console.log(formatFailure(failure));
  failures += failed.length;
}
if (failures > 0) {
  console.log(`\n${failures} to repair`);
  process.exitCode = 1;
}
