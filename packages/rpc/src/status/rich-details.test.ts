import assert from 'node:assert/strict';
import { Code, RpcError } from '@breakwater/core';
import { World } from '../testing/world.js';
import { findRichDetail, packDetail, richDetail, unpackDetail } from './rich-details.js';
import { HealthCheckRequest } from '../gen/grpc/health/v1/health.pb.js';

describe('rich details of an error', () => {
  it('travel typed from the handler to the caller, standard ones and others', async () => {
    const world = new World();
    await world.serve({
      one: async () => {
        throw new RpcError(Code.INVALID_ARGUMENT, 'not like this', {
          reason: 'BAD_ORDER',
          richDetails: [
            richDetail('BadRequest', { fieldViolations: [{ field: 'amount', description: 'must be above zero' }] }),
            packDetail('grpc.health.v1.HealthCheckRequest', HealthCheckRequest, { service: 'own' }),
          ],
        });
      },
    });
    const error = await world
      .client()
      .one({})
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RpcError);
    assert.deepEqual(findRichDetail(error.richDetails, 'BadRequest')?.fieldViolations, [
      { field: 'amount', description: 'must be above zero' },
    ]);
    assert.equal(findRichDetail(error.richDetails, 'ErrorInfo')?.reason, 'BAD_ORDER');
    assert.equal(findRichDetail(error.richDetails, 'RetryInfo'), undefined);
    const own = unpackDetail(error.richDetails, 'grpc.health.v1.HealthCheckRequest', HealthCheckRequest);
    assert.deepEqual(own, { service: 'own' });
    await world.close();
  });

  it('are undefined when their bytes are no such message', () => {
    const broken = [{ typeUrl: 'x/google.rpc.BadRequest', value: Buffer.from([0x0a, 0xff]) }];
    assert.equal(findRichDetail(broken, 'BadRequest'), undefined);
  });
});
