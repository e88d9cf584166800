import type { Transport } from '../transport/transport.js';
import { describeEndings } from './endings.js';
import { fixturePerTest, type TransportFeatures } from './fixture.js';
import { describeKinds } from './kinds.js';
import { describeLifecycle } from './lifecycle.js';
import { describeLimits } from './limits.js';
import { describeMetadata } from './metadata.js';
import { describeMixedKinds } from './mixed-kinds.js';
import { describeStatuses } from './statuses.js';
import { describeStreams } from './streams.js';

export { deferred, Fixture, fixturePerTest, reached, RecordingSink, untilCancelled } from './fixture.js';
export type { Deferred, FixtureOptions, Handlers, RepeatedText, TransportFeatures } from './fixture.js';
export { describeSockets } from './sockets/index.js';
export * as certificates from './sockets/certificates.js';
export { BIDI, BYTES, CLIENT_STREAM, SERVER_STREAM, UNARY } from './methods.js';

/**
 * Declares the mocha suite that every transport passes: the contract of the seam as tests, in the order of its parts.
 *
 * @param create a fresh transport; each test opens its own listeners and connections on it and closes them
 * @param features what the transport may do differently without being wrong
 */
export function describeTransport(name: string, create: () => Transport, features: TransportFeatures = {}): void {
  describe(`transport conformance: ${name}`, () => {
    const current = fixturePerTest(create);
    describe('kinds of RPC', () => describeKinds(current));
    describe('kinds that differ between caller and server', () => describeMixedKinds(current));
    describe('metadata', () => describeMetadata(current, features));
    describe('statuses', () => describeStatuses(current, features));
    describe('deadlines and cancellation', () => describeEndings(current));
    describe('streams', () => describeStreams(current));
    describe('limits and compression', () => describeLimits(current));
    describe('connections and listeners', () => describeLifecycle(current, features));
  });
}
