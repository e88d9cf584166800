import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, run } from '../child-process.js';
import { isExecutable } from './cache.js';
import { SERVICES } from './index.js';

const LIMIT_MS = 30_000;

/** The runner has located the servers; a required one that is missing fails under CI like in any other suite. */
function server(context: Mocha.Context, name: string): string {
  const service = SERVICES.find((one) => one.name === name);
  const path = process.env[service?.variable ?? ''];
  if (path !== undefined && path !== '') return path;
  console.log(
    service?.class === 'optional'
      ? `absent: ${name}, not found`
      : `skipped: ${name}: run npm test -- --install-servers`,
  );
  return context.skip();
}

describe('the servers that the runner provides', () => {
  it('consul tells its version', async function () {
    const { code, stdout } = await run(server(this, 'consul'), ['version'], { limitMs: LIMIT_MS });
    assert.equal(code, 0);
    assert.match(stdout, /^Consul v\d/);
  });

  /** What each answers on its own, and beside which other programs. */
  const ANSWERS: readonly (readonly [string, readonly string[], RegExp, (readonly string[])?])[] = [
    ['nginx', ['-V'], /--with-http_v2_module/],
    ['haproxy', ['-vv'], /proto=h2|h2 : mode=HTTP/],
    ['nghttp2', ['--version'], /^nghttp nghttp2\/\d/, ['H2LOAD_BIN']],
    ['h2spec', ['--dryrun'], /Hypertext Transfer Protocol Version 2/],
    ['connect-conformance', ['--version'], /v\d/],
    ['grpcurl', ['-version'], /^grpcurl v\d/],
    ['grpc-go-interop', ['-help'], /-test_case/, ['GRPC_GO_INTEROP_SERVER_BIN']],
  ];
  for (const [name, args, prints, others = []] of ANSWERS) {
    it(`${name} runs`, async function () {
      const { stdout, stderr } = await run(server(this, name), args, { limitMs: LIMIT_MS });
      assert.match(stdout + stderr, prints);
      for (const variable of others) assert.ok(isExecutable(process.env[variable] ?? ''), variable);
    });
  }

  describe('python-grpc', () => {
    let dir = '';
    before(function () {
      server(this, 'python-grpc');
      dir = mkdtempSync(join(tmpdir(), 'breakwater-python-'));
    });
    after(() => {
      if (dir !== '') rmSync(dir, { recursive: true, force: true });
    });

    it('makes stubs of a proto and serves a call with them', async () => {
      const proto = [
        'syntax = "proto3";',
        'package probe;',
        'service Probe { rpc Ask (Question) returns (Answer); }',
        'message Question { string text = 1; }',
        'message Answer { string text = 1; }',
      ];
      writeFileSync(join(dir, 'probe.proto'), proto.join('\n'));
      const plugin = `--plugin=protoc-gen-grpc_python=${process.env['BREAKWATER_GRPC_PYTHON_PLUGIN']}`;
      const args = [plugin, `--proto_path=${dir}`, `--python_out=${dir}`, `--grpc_python_out=${dir}`, 'probe.proto'];
      const stubs = await run(process.env['BREAKWATER_PROTOC'] ?? '', args, { limitMs: LIMIT_MS });
      assert.equal(stubs.code, 0, stubs.stderr);

      const program = [
        'import grpc, probe_pb2 as m, probe_pb2_grpc as s',
        'from concurrent.futures import ThreadPoolExecutor',
        'class Probe(s.ProbeServicer):',
        '    def Ask(self, request, context): return m.Answer(text=request.text.upper())',
        'server = grpc.server(ThreadPoolExecutor(2))',
        's.add_ProbeServicer_to_server(Probe(), server)',
        'port = server.add_insecure_port("127.0.0.1:0")',
        'server.start()',
        'with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:',
        '    print(s.ProbeStub(channel).Ask(m.Question(text="hello"), timeout=20).text)',
        'server.stop(None).wait()',
      ];
      writeFileSync(join(dir, 'probe.py'), program.join('\n'));
      const answer: Finished = await run(process.env['BREAKWATER_PYTHON'] ?? '', [join(dir, 'probe.py')], {
        limitMs: LIMIT_MS,
      });
      assert.equal(answer.stdout, 'HELLO\n', answer.stderr);
    });
  });
});
