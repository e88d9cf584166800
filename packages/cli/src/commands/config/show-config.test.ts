import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CliError } from '../../errors.js';
import { testIo } from '../testdata/test-io.js';
import { showConfig, type ShowConfigOptions } from './show-config.js';

describe('breakwater config show', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'breakwater-show-'));
    file = path.join(folder, 'breakwater.yaml');
    writeFileSync(
      file,
      'services:\n  payments:\n    port: 7001\n    methods: { Authorize: { rateLimit: { perSecond: 50 } } }\nclients:\n  "consul:///payments":\n    policies: { retry: { maxAttempts: 2 } }\n',
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const show = (options: Partial<ShowConfigOptions> = {}, env: Record<string, string> = {}): string => {
    const io = testIo({ env });
    showConfig(
      { service: undefined, target: undefined, method: undefined, file: undefined, json: false, ...options },
      io,
    );
    return io.stdout.join('\n');
  };
  const row = (text: string, setting: string): readonly string[] =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${setting} `))
      ?.split(/ {2,}/)
      .slice(1) ?? [];

  it('prints value, default and source of every setting', () => {
    const text = show({ target: 'consul:///payments', file }, { BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS: '900' });
    assert.match(text, /^# clients of consul:\/\/\/payments\nSETTING +VALUE +DEFAULT +FROM\n/);
    assert.deepEqual(row(text, 'policies.retry.maxAttempts'), ['2', '3', `${file}:7:39`]);
    assert.deepEqual(row(text, 'policies.deadline.timeoutMs'), [
      '900',
      '5000',
      'BREAKWATER_CLIENT_DEADLINE_TIMEOUT_MS',
    ]);
    assert.deepEqual(row(text, 'policies.deadline.streamTimeoutMs'), ['none', 'none', 'default']);
    assert.deepEqual(row(text, 'policies.rateLimit'), ['off', 'off', 'default']);
    assert.deepEqual(row(text, 'policies.retry.retryableCodes'), ['UNAVAILABLE', 'UNAVAILABLE', 'default']);
    assert.match(text, /What the code sets cannot be seen from here/);
  });

  it('takes the file of BREAKWATER_CONFIG, and shows one method', () => {
    const text = show({ service: 'payments', method: 'Authorize' }, { BREAKWATER_CONFIG: file });
    assert.match(text, /^# service payments, method Authorize\n/);
    assert.deepEqual(row(text, 'policies.rateLimit.perSecond'), ['50', '-', `${file}:4:53`]);
    assert.deepEqual(row(text, 'port'), []);
  });

  it('shows service and client, and names what the file has settings of its own for, when nothing is asked for', () => {
    const text = show({ file });
    assert.match(text, /# any service\n[^]*# any client\n/);
    assert.match(text, /--service payments {2}--target consul:\/\/\/payments$/);
  });

  it('prints JSON with ranges and variables', () => {
    const [described] = JSON.parse(show({ service: 'payments', file, json: true })) as [
      { settings: Record<string, unknown>[] },
    ];
    const port = described.settings.find((setting) => setting.path === 'port');
    assert.deepEqual(port, {
      path: 'port',
      value: 7001,
      default: 0,
      source: `${file}:3:11`,
      allowed: 'an integer from 0 to 65535',
      variable: 'BREAKWATER_SERVICE_PORT',
    });
  });

  it('fails on settings that contradict each other, after it has shown them', () => {
    const io = testIo({ env: { BREAKWATER_CLIENT_RETRY_MAX_BACKOFF_MS: '20' } });
    assert.throws(
      () => showConfig({ service: undefined, target: 'dns:///a:1', method: undefined, file, json: false }, io),
      (error: unknown) =>
        error instanceof CliError &&
        /maxBackoffMs is 20, .*from BREAKWATER_CLIENT_RETRY_MAX_BACKOFF_MS/.test(error.message),
    );
    assert.deepEqual(row(io.stdout.join('\n'), 'policies.retry.maxBackoffMs'), [
      '20',
      '1000',
      'BREAKWATER_CLIENT_RETRY_MAX_BACKOFF_MS',
    ]);
  });

  it('fails on a broken file or variable with its place', () => {
    writeFileSync(file, 'services: { payments: { prot: 1 } }');
    assert.throws(
      () => show({ file }),
      /breakwater\.yaml:1:25: unknown setting services\.payments\.prot; did you mean "port"\?$/,
    );
    assert.throws(() => show({}, { BREAKWATER_SERVICE_PROT: '1' }), /did you mean BREAKWATER_SERVICE_PORT\?$/);
  });

  it('refuses options that exclude each other or need another', () => {
    for (const options of [{ service: 'a', target: 'dns:///a:1' }, { method: 'A' }]) {
      assert.throws(
        () => show(options),
        (error: unknown) => error instanceof CliError && error.exitCode === 2,
      );
    }
  });
});
