import assert from 'node:assert/strict';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import {
  Code,
  createRuntime,
  fail,
  Metadata as OwnMetadata,
  rejection,
  stack,
  succeed,
  type Around,
  type Guard,
  type PolicyEvent,
} from '@breakwater/core';
import { decodeStatus, errorInfo, STATUS_DETAILS_KEY } from '@breakwater/rpc';
import { ended, readAll, type AppClient } from '../../interceptor/plain-app.itest.js';
import { fromGrpc } from '../../interceptor/metadata-bridge.js';
import type { OverrideWorld } from './world.itest.js';

const failed = async (stub: AppClient): Promise<ServiceError> => {
  const { error } = await ended((callback) => stub.Unary(1, new Metadata(), {}, callback));
  assert.ok(error !== null, 'the call succeeded');
  return error;
};
const decoded = ({ code, details, metadata }: ServiceError) => decodeStatus(code, details, fromGrpc(metadata));

export function describeStatuses(world: () => OverrideWorld): void {
  it('rich details, pushback and trailers reach the stub as they were sent', async () => {
    const detail = errorInfo('SOLD_OUT', 'shop.example', { sku: '7' });
    await world().serve({
      Unary: async () => ({
        ...fail(
          {
            code: Code.RESOURCE_EXHAUSTED,
            details: 'none left',
            origin: 'handler',
            richDetails: [detail],
            retryAfterMs: 250,
          },
          'unknown',
        ),
        trailers: OwnMetadata.of({ 'x-t': '1' }),
      }),
    });
    const error = await failed(world().stub());
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
    assert.equal(error.details, 'none left');
    assert.deepEqual(error.metadata.get('grpc-retry-pushback-ms'), ['250']);
    assert.equal(error.metadata.get(STATUS_DETAILS_KEY).length, 1);
    assert.deepEqual(error.metadata.get('x-t'), ['1']);
    const { richDetails } = decoded(error);
    assert.equal(richDetails?.length, 1);
    assert.deepEqual(Buffer.from(richDetails?.[0]?.value ?? []), Buffer.from(detail.value));
  });

  it('the refusal of a policy says why, and nothing is sent', async () => {
    let served = 0;
    await world().serve({ Unary: async () => succeed(++served) });
    const refusing: Guard = {
      name: 'test',
      admit: () => rejection('test', Code.RESOURCE_EXHAUSTED, 'RATE_LIMITED', 'not so fast', 40),
    };
    const error = await failed(world().stub({ policies: stack(refusing) }));
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
    assert.equal(error.details, 'not so fast');
    assert.equal(decoded(error).reason, 'RATE_LIMITED');
    assert.equal(decoded(error).retryAfterMs, 40);
    assert.equal(served, 0);
  });

  it('a name that nobody has registered is UNAVAILABLE, and says so', async () => {
    const error = await failed(world().stub());
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(decoded(error).reason, 'NO_ENDPOINTS');
    assert.match(error.message, /14 UNAVAILABLE: .*plain/);
  });

  it('a server that is not there is UNAVAILABLE, and so is every kind of call to it', async () => {
    const listener = await world().serve({});
    await listener.close();
    const stub = world().stub();
    const error = await failed(stub);
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(decoded(error).reason, 'CONNECT_FAILED');
    assert.equal((await readAll(stub.Down(1))).error?.code, status.UNAVAILABLE);
    assert.equal((await readAll(stub.Chat())).error?.code, status.UNAVAILABLE);
    assert.equal(
      (await ended((callback) => stub.Up(new Metadata(), {}, callback).end())).error?.code,
      status.UNAVAILABLE,
    );
  });

  it('the endpoint that answered is the peer', async () => {
    await world().serve({ Unary: async () => succeed(1) });
    const stub = world().stub();
    const peers = await new Promise<string[]>((resolve) => {
      const call = stub.Unary(1, new Metadata(), {}, () => resolve([before, call.getPeer()]));
      const before = call.getPeer();
    });
    assert.equal(peers[0], 'memory:///plain');
    assert.match(peers[1] ?? '', /^plain-127\.0\.0\.1-\d+$/);
  });

  const broken: Readonly<Record<string, Around>> = {
    throws: () => () => {
      throw new Error('broken');
    },
    rejects: () => () => Promise.reject(new Error('broken')),
    'cannot be composed': () => {
      throw new Error('broken');
    },
  };
  for (const [how, policies] of Object.entries(broken)) {
    it(`a policy that ${how} ends the call with INTERNAL instead of leaving it`, async () => {
      const runtime = createRuntime();
      const events: PolicyEvent[] = [];
      runtime.events.subscribe((event) => events.push(event));
      const stub = world().stub({ policies, runtime });
      const error = await failed(stub);
      assert.equal(error.code, status.INTERNAL);
      assert.equal(error.details, 'a policy failed: broken');
      assert.equal((await readAll(stub.Chat())).error?.code, status.INTERNAL);
      // There is no call yet that an event of composition could name.
      assert.equal(events.length, how === 'cannot be composed' ? 0 : 2);
      for (const { type } of events) assert.equal(type, 'defect');
    });
  }
}
