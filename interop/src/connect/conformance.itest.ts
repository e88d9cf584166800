import assert from 'node:assert/strict';
import { requireServer } from '@breakwater/testing';
import { TRANSPORTS } from '../transports.js';
import { runSuite, type Side } from './run-suite.js';

const LIMIT_MS = 120_000;
/** The suite has more; a configuration that leaves most of it out would pass unseen. */
const AT_LEAST: Readonly<Record<Side, number>> = { client: 850, server: 740 };

describe('the Connect conformance suite for gRPC', function () {
  this.timeout(LIMIT_MS + 10_000);
  let binary = '';
  before(function () {
    binary = requireServer(this, 'connect-conformance');
  });

  for (const { name: transport } of TRANSPORTS) {
    for (const side of ['client', 'server'] as const) {
      it(`finds nothing wrong with the ${side} on ${transport} but what its lists excuse`, async () => {
        const { passed, excused, failures } = await runSuite({ binary, side, transport, limitMs: LIMIT_MS });
        console.log(`${transport} ${side}: ${passed} passed, ${excused} excused, ${failures.length} failed`);
        assert.deepEqual(failures, []);
        assert.ok(passed + excused >= AT_LEAST[side], `only ${passed + excused} cases ran`);
      });
    }
  }
});
