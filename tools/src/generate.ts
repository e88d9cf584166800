/**
 * `npm run generate [-- --check]`: everything in this repository that is generated from protos.
 * `--check` writes nothing and exits 1 when a committed file is not what its proto gives.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError, generate } from '@breakwater/cli';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The framework's own protos are served and called by `rpc` itself, so they get no companion files that import it; the
 * benchmark uses the definitions alone, since other libraries take them too.
 */
const TREES = [
  { proto: 'packages/rpc/proto', out: 'packages/rpc/src/gen', companions: false },
  { proto: 'proto', out: 'packages/contracts/src/gen', companions: true },
  // Foreign protocols of the interop suites: called and served on the transport itself.
  { proto: 'interop/proto', out: 'interop/src/gen', companions: false },
  { proto: 'bench/proto', out: 'bench/src/gen', companions: false },
  { proto: 'packages/codec/src/testdata/proto', out: 'packages/codec/src/testdata/gen', companions: false },
] as const;

const unknown = process.argv.slice(2).find((word) => word !== '--check');
if (unknown !== undefined) {
  console.error(`error: unknown argument '${unknown}'; the only option is --check`);
  process.exit(2);
}
const check = process.argv.includes('--check');
let stale = false;
for (const { proto, out, companions } of TREES) {
  try {
    const result = await generate({
      protoDir: path.join(ROOT, proto),
      outDir: path.join(ROOT, out),
      companions,
      check,
    });
    const changes = [
      ...result.missing.map((file) => `missing   ${out}/${file}`),
      ...result.differing.map((file) => `differs   ${out}/${file}`),
      ...result.stale.map((file) => `stale     ${out}/${file}`),
    ];
    console.log(
      `${out}: ${result.files.length} files from ${result.protos.length} protos, ${changes.length === 0 ? 'up to date' : `${changes.length} ${check ? 'out of date' : 'updated'}`}`,
    );
    if (check && changes.length > 0) {
      stale = true;
      console.error(changes.map((line) => `  ${line}`).join('\n'));
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    console.error(`error: ${error.message}${error.remedy === undefined ? '' : `\n${error.remedy}`}`);
    process.exit(error.exitCode);
  }
}
if (stale) {
  console.error('error: generated code is out of date\nRun: npm run generate');
  process.exit(1);
}
