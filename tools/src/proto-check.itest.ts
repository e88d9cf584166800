import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./proto-check.js', import.meta.url));

describe('npm run proto:check', function () {
  this.timeout(60_000);
  let repository: string;

  const git = (...args: readonly string[]): void => {
    execFileSync(
      'git',
      [
        '-c',
        'user.name=test',
        '-c',
        'user.email=test@example.com',
        '-c',
        'commit.gpgsign=false',
        '-c',
        'tag.gpgsign=false',
        ...args,
      ],
      { cwd: repository, stdio: 'pipe' },
    );
  };

  const edit = (file: string, from: string, to: string): void => {
    const full = path.join(repository, file);
    const text = readFileSync(full, 'utf8');
    assert.ok(text.includes(from), `${file} does not contain ${from}`);
    writeFileSync(full, text.replace(from, to));
  };

  const check = (): { readonly code: number | null; readonly stdout: string; readonly stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, '--root', repository], {
      encoding: 'utf8',
    });
    return { code: status, stdout, stderr };
  };

  beforeEach(() => {
    repository = mkdtempSync(path.join(tmpdir(), 'breakwater-proto-check-test-'));
    cpSync(path.join(ROOT, 'proto'), path.join(repository, 'proto'), { recursive: true });
    cpSync(path.join(ROOT, 'buf.yaml'), path.join(repository, 'buf.yaml'));
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '--message', 'feat: protos');
  });

  afterEach(() => rmSync(repository, { recursive: true, force: true }));

  it('passes and says so when there is no tag to compare with', () => {
    const { code, stdout } = check();
    assert.equal(code, 0);
    assert.match(stdout, /no git tag yet .*nothing to compare with/);
  });

  it('passes an addition', () => {
    git('tag', 'v0.1.0');
    edit(
      'proto/shop/money/v1/money.proto',
      '  string currency_code = 2;',
      '  string currency_code = 2;\n  // Words.\n  string note = 3;',
    );
    assert.deepEqual(check(), { code: 0, stdout: 'protos: lint clean; nothing breaks v0.1.0\n', stderr: '' });
  });

  it('refuses a change of type, a renamed field and a removed RPC, each with its place', () => {
    git('tag', 'v0.1.0');
    edit('proto/shop/money/v1/money.proto', 'int64 minor_units', 'int32 minor_units');
    edit('proto/shop/payments/v1/payments.proto', 'string payment_id = 1;', 'string payment_ident = 1;');
    edit('proto/shop/bank/v1/bank.proto', 'rpc GetCharge(', 'rpc FindCharge(');
    const { code, stdout, stderr } = check();
    assert.equal(code, 1);
    const output = stdout + stderr;
    assert.match(output, /proto\/shop\/money\/v1\/money\.proto:\d+:\d+:.*changed type from "int64" to "int32"/);
    assert.match(
      output,
      /proto\/shop\/payments\/v1\/payments\.proto:\d+:\d+:.*changed name from "payment_id" to "payment_ident"/,
    );
    assert.match(output, /proto\/shop\/bank\/v1\/bank\.proto.*"GetCharge"/);
    assert.match(output, /error: the protos break the lint rules/);
    assert.match(output, /error: the protos break what v0\.1\.0 promised/);
  });

  it('compares with the last tag, not with an older one', () => {
    git('tag', 'v0.1.0');
    edit('proto/shop/money/v1/money.proto', 'string currency_code = 2;', 'string currency = 2;');
    git('commit', '--quiet', '--all', '--message', 'feat!: shorter name');
    assert.equal(check().code, 1);
    git('tag', 'v0.2.0');
    assert.match(check().stdout, /nothing breaks v0\.2\.0/);
  });

  it('refuses what the lint rules forbid, without any tag', () => {
    edit('proto/shop/money/v1/money.proto', 'int64 minor_units', 'int64 minorUnits');
    const { code, stdout, stderr } = check();
    assert.equal(code, 1);
    assert.match(stdout + stderr, /money\.proto:\d+:\d+:.*lower_snake_case/);
  });
});
