import type { Transport } from '@breakwater/rpc';
import { describeBreaches } from './breaches.js';
import { describeOpenings } from './openings.js';
import { describeResets } from './resets.js';
import { describeResponses } from './responses.js';
import { describeStalls } from './stalls.js';
import { Stage } from './stage.js';

/**
 * Declares the mocha suite of servers that are none, or bad ones: every call ends, with a code, a reason and a text that name
 * what was seen, and a connection that can go on does.
 *
 * @param create a fresh transport
 */
export function describeBadServers(name: string, create: () => Transport): void {
  describe(`bad servers: ${name}`, () => {
    let stage: Stage | undefined;
    const current = (): Stage => {
      if (stage === undefined) throw new Error('no test is running');
      return stage;
    };
    beforeEach(function () {
      stage = new Stage(create, this.timeout() / 3);
    });
    afterEach(() => stage?.dispose());
    describe('connections that never become one', () => describeOpenings(current));
    describe('calls that end without a status', () => describeResets(current));
    describe('responses', () => describeResponses(current));
    describe('broken rules', () => describeBreaches(current));
    describe('stalls', () => describeStalls(current));
  });
}
