import assert from 'node:assert/strict';
import { systemClock } from '@breakwater/core';
import type { Listener } from '@breakwater/rpc';
import { requireServer } from '@breakwater/testing';
import { listen } from '../testing/endpoint.js';
import { runProgram } from '../testing/run-program.js';
import { TRANSPORTS } from '../transports.js';
import { testService } from './test-service.js';

const LIMIT_MS = 30_000;
/** All of grpc-go's cases that need neither credentials of a cloud nor name the server that answered. */
const CASES = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
];

for (const { name, create } of TRANSPORTS) {
  describe(`grpc-go's client and the server on ${name}`, function () {
    this.timeout(LIMIT_MS + 5000);
    let binary = '';
    let listener: Listener | undefined;
    before(async function () {
      binary = requireServer(this, 'grpc-go-interop');
      listener = await listen(create(), testService(systemClock));
    });
    after(() => listener?.close());

    for (const one of CASES) {
      it(`pass ${one}`, async () => {
        const args = ['-server_host=127.0.0.1', `-server_port=${listener?.address.port}`, `-test_case=${one}`];
        const { code, output } = await runProgram(binary, args, LIMIT_MS);
        assert.equal(code, 0, output);
      });
    }
  });
}
