import assert from 'node:assert/strict';
import { grpcTransport } from '../transport/grpc-transport.js';
import { APP } from '../interceptor/plain-app.itest.js';
import { EventLog } from './suite/event-log.itest.js';
import type { GrpcChannelOptions } from './grpc-channel.js';
import { ENDINGS } from './suite/scenarios/endings.itest.js';
import { INTERCEPTORS } from './suite/scenarios/interceptors.itest.js';
import type { Scenarios } from './suite/scenarios/scenario.itest.js';
import { STREAMS } from './suite/scenarios/streams.itest.js';
import { UNARY } from './suite/scenarios/unary.itest.js';
import { TRANSPORTS } from './suite/transports.itest.js';
import { OverrideWorld, stubOf } from './suite/world.itest.js';

const SCENARIOS: Scenarios = { ...UNARY, ...STREAMS, ...ENDINGS, ...INTERCEPTORS };

const VARIANTS: Readonly<Record<string, GrpcChannelOptions>> = {
  'without definitions': {},
  'with definitions': { services: [APP] },
};

for (const { name, create } of TRANSPORTS) {
  for (const [variant, options] of Object.entries(VARIANTS)) {
    describe(`a stub over ${name}, ${variant}, is told what a channel of grpc-js tells`, () => {
      let world: OverrideWorld;
      let reference: OverrideWorld;
      beforeEach(() => {
        world = new OverrideWorld(create());
        reference = new OverrideWorld(grpcTransport());
      });
      afterEach(async () => {
        await world.close();
        await reference.close();
      });

      for (const [title, { serve, run }] of Object.entries(SCENARIOS)) {
        it(title, async () => {
          await world.serve(serve);
          const { address } = await reference.serve(serve);
          const plain = stubOf({}, `${address.host}:${address.port}`);
          const stub = world.stub(options);
          const [expected, actual] = [new EventLog(), new EventLog()];
          await connected(plain);
          await connected(stub);
          await Promise.all([run(plain, expected), run(stub, actual)]);
          plain.close();
          stub.close();
          assert.deepEqual(actual.lines, expected.lines);
          assert.deepEqual(actual.written, expected.written);
          assert.ok(actual.count('status') > 0);
        });
      }
    });
  }
}

const connected = (stub: ReturnType<typeof stubOf>): Promise<void> =>
  new Promise((resolve, reject) =>
    stub.waitForReady(Number.POSITIVE_INFINITY, (error) => (error === undefined ? resolve() : reject(error))),
  );
