import assert from 'node:assert/strict';
import { Cancellation, Code, Metadata, type Outcome, type Status } from '@breakwater/core';
import { type Method, methodsOf } from '@breakwater/rpc';
import { requireServer, serverTool } from '@breakwater/testing';
import {
  type SimpleResponse,
  type StreamingInputCallResponse,
  type StreamingOutputCallResponse,
  TestServiceDefinition,
  UnimplementedServiceDefinition,
} from '../gen/grpc/testing/test.pb.js';
import type { Daemon } from '../testing/daemon.js';
import { Caller, Collected } from '../testing/endpoint.js';
import { TRANSPORTS } from '../transports.js';
import { startGoServer } from './go-server.js';
import { ECHO_INITIAL, ECHO_TRAILING } from './test-service.js';

const method = (name: string, service: Parameters<typeof methodsOf>[0] = TestServiceDefinition): Method =>
  methodsOf(service).find((one) => one.method === name) ?? assert.fail(`no method ${name}`);

const payload = (size: number): { body: Buffer } => ({ body: Buffer.alloc(size) });
const sizeOf = ({ payload: found }: StreamingOutputCallResponse): number => found?.body.length ?? 0;
const BY_CALLER: Status = { code: Code.CANCELLED, details: 'enough', origin: 'local' };

function valueOf<T>(outcome: Outcome): T {
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.value as T;
}

function failureOf(outcome: Outcome): Status {
  assert.ok(!outcome.ok, 'the call succeeded');
  return outcome.status;
}

/** The cases of gRPC's interop-test-descriptions.md, from the side of the client. */
for (const { name, create } of TRANSPORTS) {
  describe(`the client on ${name} and grpc-go's server`, function () {
    this.timeout(30_000);
    let server: Daemon | undefined;
    let caller: Caller | undefined;
    const client = (): Caller => caller ?? assert.fail('not connected');
    before(async function () {
      requireServer(this, 'grpc-go-interop');
      server = await startGoServer(serverTool('GRPC_GO_INTEROP_SERVER_BIN'));
      caller = await Caller.connect(create(), server.address);
    });
    after(async () => {
      caller?.close();
      await server?.close();
    });

    it('pass empty_unary', async () => {
      assert.deepEqual({ ...valueOf<object>(await client().call(method('EmptyCall'), { request: {} })) }, {});
    });

    it('pass large_unary', async () => {
      const request = { responseSize: 314_159, payload: payload(271_828) };
      const response = valueOf<SimpleResponse>(await client().call(method('UnaryCall'), { request }));
      assert.equal(response.payload?.body.length, 314_159);
    });

    it('pass client_streaming', async () => {
      async function* requests(): AsyncGenerator<unknown> {
        for (const size of [27_182, 8, 1828, 45_904]) yield { payload: payload(size) };
      }
      const outcome = await client().call(method('StreamingInputCall'), { requests: requests() });
      assert.equal(valueOf<StreamingInputCallResponse>(outcome).aggregatedPayloadSize, 74_922);
    });

    it('pass server_streaming', async () => {
      const sizes = [31_415, 9, 2653, 58_979];
      const responses = new Collected<StreamingOutputCallResponse>();
      const request = { responseParameters: sizes.map((size) => ({ size })) };
      valueOf(await client().call(method('StreamingOutputCall'), { request, responses }));
      assert.deepEqual(responses.messages.map(sizeOf), sizes);
    });

    it('pass ping_pong', async () => {
      const sizes = [31_415, 9, 2653, 58_979];
      let answered: () => void = () => {};
      const responses = new Collected<StreamingOutputCallResponse>(() => answered());
      async function* requests(): AsyncGenerator<unknown> {
        for (const size of sizes) {
          const answer = new Promise<void>((resolve) => {
            answered = resolve;
          });
          yield { responseParameters: [{ size }], payload: payload(1828) };
          await answer;
        }
      }
      valueOf(await client().call(method('FullDuplexCall'), { requests: requests(), responses }));
      assert.deepEqual(responses.messages.map(sizeOf), sizes);
    });

    it('pass empty_stream', async () => {
      async function* requests(): AsyncGenerator<unknown> {}
      const responses = new Collected<StreamingOutputCallResponse>();
      valueOf(await client().call(method('FullDuplexCall'), { requests: requests(), responses }));
      assert.deepEqual(responses.messages, []);
    });

    it('pass custom_metadata', async () => {
      const trailing = Uint8Array.from([0xab, 0xab, 0xab]);
      const metadata = Metadata.of({ [ECHO_INITIAL]: 'test_initial_metadata_value', [ECHO_TRAILING]: trailing });
      async function* requests(): AsyncGenerator<unknown> {
        yield { responseParameters: [{ size: 314_159 }], payload: payload(271_828) };
      }
      const unary = await client().call(method('UnaryCall'), { request: { responseSize: 1 }, metadata });
      const responses = new Collected<StreamingOutputCallResponse>();
      const duplex = await client().call(method('FullDuplexCall'), { requests: requests(), responses, metadata });
      for (const outcome of [unary, duplex]) {
        assert.equal(outcome.headers?.get(ECHO_INITIAL), 'test_initial_metadata_value');
        assert.deepEqual(Buffer.from(outcome.trailers.get(ECHO_TRAILING) ?? ''), Buffer.from(trailing));
      }
    });

    it('pass status_code_and_message and special_status_message', async () => {
      const whitespace = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
      for (const message of ['test status message', whitespace]) {
        const status = failureOf(
          await client().call(method('UnaryCall'), { request: { responseStatus: { code: 2, message } } }),
        );
        assert.deepEqual([status.code, status.details], [Code.UNKNOWN, message]);
      }
    });

    it('pass unimplemented_method and unimplemented_service', async () => {
      for (const service of [TestServiceDefinition, UnimplementedServiceDefinition]) {
        const outcome = await client().call(method('UnimplementedCall', service), { request: {} });
        assert.equal(failureOf(outcome).code, Code.UNIMPLEMENTED);
      }
    });

    it('pass cancel_after_begin', async () => {
      const cancellation = new Cancellation();
      async function* requests(): AsyncGenerator<unknown> {
        // The headers leave in the turn of the event loop that starts the call.
        await new Promise(setImmediate);
        cancellation.cancel(BY_CALLER);
        yield { payload: payload(1) };
      }
      const outcome = await client().call(method('StreamingInputCall'), { requests: requests(), cancellation });
      assert.equal(failureOf(outcome).code, Code.CANCELLED);
    });

    it('pass cancel_after_first_response', async () => {
      const cancellation = new Cancellation();
      const responses = new Collected<StreamingOutputCallResponse>(() => cancellation.cancel(BY_CALLER));
      async function* requests(): AsyncGenerator<unknown> {
        yield { responseParameters: [{ size: 31_415 }], payload: payload(27_182) };
        await new Promise<void>((resolve) => cancellation.onCancel(() => resolve()));
      }
      const outcome = await client().call(method('FullDuplexCall'), { requests: requests(), responses, cancellation });
      assert.equal(failureOf(outcome).code, Code.CANCELLED);
      assert.equal(responses.messages.length, 1);
    });

    it('pass timeout_on_sleeping_server', async () => {
      const never = new Promise<void>(() => {});
      async function* requests(): AsyncGenerator<unknown> {
        yield { payload: payload(27_182) };
        await never;
      }
      const responses = new Collected<StreamingOutputCallResponse>();
      const call = { requests: requests(), responses, timeoutMs: 1 };
      assert.equal(failureOf(await client().call(method('FullDuplexCall'), call)).code, Code.DEADLINE_EXCEEDED);
    });
  });
}
