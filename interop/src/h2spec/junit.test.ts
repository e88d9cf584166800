import assert from 'node:assert/strict';
import { parseJunit } from './junit.js';

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="5.1.2. Stream Concurrency" package="http2/5.1.2" id="5.1.2" tests="3" skipped="1" failures="1" errors="0">
    <testcase package="http2/5.1.2" classname="Sends HEADERS frames &#34;too&#34; many" time="0.0000">
      <skipped></skipped>
    </testcase>
    <testcase package="http2/6.7" classname="Sends a PING frame with ACK" time="2.0003">
      <error>PING Frame (opaque_data:\u0001h2spec)
Connection closed</error>
    </testcase>
    <testcase package="hpack/6.1" classname="Sends an index &lt; 1" time="0.0003"></testcase>
  </testsuite>
</testsuites>`;

describe("h2spec's report", () => {
  it('tells what passed, failed with what came instead, and was skipped', () => {
    assert.deepEqual(parseJunit(report), {
      passed: 1,
      failed: ['http2/6.7: Sends a PING frame with ACK\n  PING Frame (opaque_data:\u0001h2spec)\n  Connection closed'],
      skipped: ['http2/5.1.2: Sends HEADERS frames "too" many'],
    });
  });

  it('is none without cases', () => {
    assert.throws(() => parseJunit('<testsuites></testsuites>'), /reported no cases/);
  });
});
