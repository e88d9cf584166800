import { describeCredentials } from './suite/credentials.itest.js';
import { describeEndings } from './suite/endings.itest.js';
import { describeLifetime } from './suite/lifetime.itest.js';
import { describeMetadata } from './suite/metadata.itest.js';
import { describePolicies } from './suite/policies.itest.js';
import { describeStatuses } from './suite/statuses.itest.js';
import { describeStreams } from './suite/streams.itest.js';
import { TRANSPORTS } from './suite/transports.itest.js';
import { OverrideWorld } from './suite/world.itest.js';

for (const { name, create, features } of TRANSPORTS) {
  describe(`stubs of grpc-js over a channel of ours, transport ${name}`, () => {
    let world: OverrideWorld | undefined;
    const current = (): OverrideWorld => (world ??= new OverrideWorld(create()));
    afterEach(async () => {
      await world?.close();
      world = undefined;
    });
    describe('metadata', () => describeMetadata(current, features));
    describe('statuses', () => describeStatuses(current));
    describe('deadlines, cancellation and parents', () => describeEndings(current));
    describe('call credentials', () => describeCredentials(current));
    describe('streams', () => describeStreams(current, features));
    describe('policies', () => describePolicies(current));
    describe('lifetime', () => describeLifetime(current));
  });
}
