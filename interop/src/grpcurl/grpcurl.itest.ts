import assert from 'node:assert/strict';
import { createRuntime, stack } from '@breakwater/core';
import { type Listener, reflection, serve, type ServedMethod } from '@breakwater/rpc';
import { requireServer } from '@breakwater/testing';
import { TestServiceDefinition } from '../gen/grpc/testing/test.pb.js';
import { testService } from '../grpc-go/test-service.js';
import { listen } from '../testing/endpoint.js';
import { type Ended, runProgram } from '../testing/run-program.js';
import { TRANSPORTS } from '../transports.js';

const LIMIT_MS = 30_000;

/** The test service, with both versions of reflection beside it. */
function reflected(): ReadonlyMap<string, ServedMethod> {
  const runtime = createRuntime();
  const options = { runtime, abandonAfterMs: 1000, onAbandoned: () => {}, stackFor: () => stack() };
  const { v1, v1alpha } = reflection([TestServiceDefinition]);
  const methods = [
    ...serve(v1.definition, v1.implementation, options),
    ...serve(v1alpha.definition, v1alpha.implementation, options),
  ];
  return new Map([...testService(runtime.clock), ...methods.map((one) => [one.method.path, one] as const)]);
}

for (const { name, create } of TRANSPORTS) {
  describe(`grpcurl and the server on ${name}`, function () {
    this.timeout(LIMIT_MS + 5000);
    let binary = '';
    let listener: Listener | undefined;
    before(async function () {
      binary = requireServer(this, 'grpcurl');
      listener = await listen(create(), reflected());
    });
    after(() => listener?.close());

    const grpcurl = (flags: readonly string[], ...words: readonly string[]): Promise<Ended> =>
      runProgram(binary, ['-plaintext', ...flags, `127.0.0.1:${listener?.address.port}`, ...words], LIMIT_MS);
    const said = async (flags: readonly string[], ...words: readonly string[]): Promise<string> => {
      const { code, output } = await grpcurl(flags, ...words);
      assert.equal(code, 0, output);
      return output;
    };

    it('list and describe services by reflection', async () => {
      assert.match(await said([], 'list'), /^grpc\.testing\.TestService$/m);
      assert.match(await said([], 'describe', 'grpc.testing.SimpleRequest'), /int32 response_size = 2;/);
    });

    it('make a unary call and a stream of three responses from JSON', async () => {
      const unary = await said(['-d', '{"responseSize": 3}'], 'grpc.testing.TestService/UnaryCall');
      assert.deepEqual(JSON.parse(unary), { payload: { body: 'AAAA' } });
      const sizes = '{"responseParameters": [{"size": 3}, {"size": 3}, {"size": 3}]}';
      const stream = await said(['-d', sizes], 'grpc.testing.TestService/StreamingOutputCall');
      assert.equal(stream.match(/AAAA/g)?.length, 3);
    });

    it('tell the status of a call that fails', async () => {
      const request = '{"responseStatus": {"code": 5, "message": "nö such thing"}}';
      const { code, output } = await grpcurl(['-d', request], 'grpc.testing.TestService/UnaryCall');
      assert.equal(code, 64 + 5, output);
      assert.match(output, /Code: NotFound\s+Message: nö such thing/);
    });
  });
}
