import assert from 'node:assert/strict';
import { requireServer, type Skippable, serverTool } from './system-servers.js';

class Skipped extends Error {}

const context: Skippable = {
  skip(): never {
    throw new Skipped();
  },
};

/** What the function printed while it ran. */
function printed(work: () => void): string {
  const lines: string[] = [];
  const original = console.log;
  console.log = (line: string) => void lines.push(line);
  try {
    work();
  } finally {
    console.log = original;
  }
  return lines.join('\n');
}

describe('requireServer', () => {
  it('returns the path that the runner put into the variable', () => {
    assert.equal(requireServer(context, 'consul', { CONSUL_BIN: '/opt/consul', CI: 'true' }), '/opt/consul');
  });

  it('skips a suite without its required server and says how to get it', () => {
    const output = printed(() =>
      assert.throws(() => requireServer(context, 'consul', { BREAKWATER_ABSENT_CONSUL: 'no mirror' }), Skipped),
    );
    assert.equal(output, 'skipped: consul: run npm test -- --install-servers (no mirror)');
  });

  it('fails instead of skipping a required server under CI', () => {
    assert.throws(
      () => requireServer(context, 'python-grpc', { CI: 'true', BREAKWATER_ABSENT_PYTHON_GRPC: 'no apt' }),
      /'python-grpc' is absent: no apt/,
    );
  });

  it('reports an optional server as absent, also under CI', () => {
    const output = printed(() =>
      assert.throws(() => requireServer(context, 'consul-current', { CI: 'true' }), Skipped),
    );
    assert.equal(output, 'absent: consul-current, CONSUL_CURRENT_BIN is not set');
  });

  it('treats an empty variable as absent', () => {
    printed(() => assert.throws(() => requireServer(context, 'consul', { CONSUL_BIN: '' }), Skipped));
  });
});

describe('serverTool', () => {
  it('names the variable that is missing', () => {
    assert.equal(serverTool('BREAKWATER_PROTOC', { BREAKWATER_PROTOC: '/p' }), '/p');
    assert.throws(() => serverTool('BREAKWATER_PROTOC', {}), /BREAKWATER_PROTOC is not set/);
  });
});
