import assert from 'node:assert/strict';
import { Metadata } from '@grpc/grpc-js';
import { APP, ended, PlainApp } from '../interceptor/plain-app.itest.js';
import { grpcTransport } from '../transport/grpc-transport.js';
import { OverrideWorld } from './suite/world.itest.js';

describe('stubs over a channel of ours, to a server of grpc-js', () => {
  const app = new PlainApp();
  let world: OverrideWorld;
  beforeEach(() => {
    world = new OverrideWorld(grpcTransport());
  });
  afterEach(async () => {
    await world.close();
    app.close();
  });

  for (const services of [[], [APP]]) {
    const known = services.length > 0 ? 'with' : 'without';
    it(`headers of a client stream come when they are sent, ${known} its definition`, async () => {
      const port = await app.serve({
        Up: (
          call: AsyncIterable<number> & { sendMetadata(metadata: Metadata): void },
          answer: (error: null, value: unknown) => void,
        ) => {
          call.sendMetadata(new Metadata());
          void (async () => {
            let sum = 0;
            for await (const one of call) sum += one;
            answer(null, sum);
          })();
        },
      });
      await world.registry.register({ service: 'plain', host: '127.0.0.1', port });
      const { error, value } = await ended((callback) => {
        const call = world.stub({ services }).Up(new Metadata(), {}, callback);
        // A protocol of its own: nothing is written before the server has shown itself.
        call.on('metadata', () => {
          call.write(1);
          call.end(2);
        });
      });
      assert.equal(error, null);
      assert.equal(value, 3);
    });
  }
});
