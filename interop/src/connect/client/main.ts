/** The client under test: `node main.js --transport NAME`. Makes the calls that stdin describes and tells their results, until stdin ends. */
import { createRuntime } from '@breakwater/core';
import { ClientCompatRequest, ClientCompatResponse } from '../../gen/connectrpc/conformance/v1/client_compat.pb.js';
import { frame, frames } from '../frames.js';
import { programTransport } from '../program.js';
import { Connections } from './connections.js';
import { invoke } from './invoke.js';

/** Calls at a time. Many of them wait for a delay or a timeout, so more than there are cores. */
const PARALLEL = 16;

const transport = programTransport();
const runtime = createRuntime();
const connections = new Connections(transport, runtime);

async function resultOf(request: ClientCompatRequest): Promise<ClientCompatResponse['result']> {
  try {
    const value = await invoke(request, await connections.get(request), runtime);
    return { $case: 'response', value };
  } catch (error) {
    return {
      $case: 'error',
      value: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    };
  }
}

async function work(requests: AsyncIterator<Buffer>): Promise<void> {
  for (let next = await requests.next(); next.done !== true; next = await requests.next()) {
    const request = ClientCompatRequest.decode(next.value);
    const response = { testName: request.testName, result: await resultOf(request) };
    process.stdout.write(frame(ClientCompatResponse.encode(response).finish()));
  }
}

const requests = frames(process.stdin);
await Promise.all(Array.from({ length: PARALLEL }, () => work(requests)));
connections.close();
