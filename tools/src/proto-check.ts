/**
 * `npm run proto:check [-- --root DIR]`: lints the protos and refuses a change that would break what the last
 * git tag promised, in source or on the wire. Rules: buf.yaml. Needs no network.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const rootOption = (): string | undefined => {
  try {
    return parseArgs({ options: { root: { type: 'string' } } }).values.root;
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}; the only option is --root DIR`);
    process.exit(2);
  }
};

const ROOT = path.resolve(rootOption() ?? fileURLToPath(new URL('../../', import.meta.url)));
const BUF = createRequire(import.meta.url).resolve('@bufbuild/buf/bin/buf');

/** buf prints each finding as file:line:column: sentence. */
const buf = (...args: readonly string[]): boolean =>
  spawnSync(process.execPath, [BUF, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;

const git = (...args: readonly string[]): { readonly ok: boolean; readonly output: Buffer } => {
  const result = spawnSync('git', args, {
    cwd: ROOT,
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { ok: result.status === 0, output: result.stdout ?? Buffer.alloc(0) };
};

/** What was found: a line for the summary, or a fault to be fixed. */
type Finding = { readonly ok: true; readonly summary: string } | { readonly ok: false; readonly fault: string };

const passed = (summary: string): Finding => ({ ok: true, summary });

const checkLint = (): Finding =>
  buf('lint') ? passed('lint clean') : { ok: false, fault: 'the protos break the lint rules of buf.yaml (above)' };

const checkBreaking = (): Finding => {
  const described = git('describe', '--tags', '--abbrev=0');
  if (!described.ok) {
    if (!git('rev-parse', '--git-dir').ok) return passed('not a git checkout: nothing to compare with');
    return passed('no git tag yet (a shallow clone has none either): nothing to compare with');
  }
  const tag = described.output.toString('utf8').trim();
  const archive = git('archive', '--format=tar', tag, 'proto');
  if (!archive.ok) return passed(`there were no protos at ${tag}: nothing to compare with`);
  const scratch = mkdtempSync(path.join(tmpdir(), 'breakwater-proto-check-'));
  try {
    const file = path.join(scratch, 'tag.tar');
    writeFileSync(file, archive.output);
    if (buf('breaking', '--against', `${file}#format=tar,subdir=proto`)) return passed(`nothing breaks ${tag}`);
    const remedy = 'Keep what was there and add beside it, or start a new package version such as shop.orders.v2.';
    return { ok: false, fault: `the protos break what ${tag} promised (above)\n${remedy}` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

const findings = [checkLint(), checkBreaking()];
for (const finding of findings) if (!finding.ok) console.error(`error: ${finding.fault}`);
if (findings.some(({ ok }) => !ok)) process.exit(1);
console.log(`protos: ${findings.flatMap((finding) => (finding.ok ? [finding.summary] : [])).join('; ')}`);
