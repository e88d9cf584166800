import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { checkFault, type Fault } from './fault.js';

describe('checkFault', () => {
  const GOOD: readonly Fault[] = [
    { kind: 'latency', delayMs: 100, jitterMs: 100, direction: 'upstream' },
    { kind: 'bandwidth', bytesPerSecond: 1 },
    { kind: 'black_hole' },
    { kind: 'reset_peer', afterMs: 0, share: 0.5 },
    { kind: 'slow_close', delayMs: 0 },
    { kind: 'slicer', averageBytes: 2, variationBytes: 1, delayMs: 1 },
    { kind: 'limit_data', bytes: 0 },
  ];
  for (const fault of GOOD) it(`takes ${fault.kind}`, () => assert.deepEqual(checkFault(fault), fault));

  const BAD: readonly (readonly [string, object, RegExp])[] = [
    ['an unknown kind', { kind: 'latenzy', delayMs: 1 }, /fault\.kind.*did you mean latency/],
    ['an unknown field', { kind: 'latency', delayMs: 1, jiterMs: 1 }, /fault\.jiterMs.*did you mean "jitterMs"/],
    ['a field of another kind', { kind: 'black_hole', delayMs: 1 }, /fault\.delayMs/],
    ['a missing field', { kind: 'latency' }, /fault\.delayMs/],
    ['jitter above the delay', { kind: 'latency', delayMs: 5, jitterMs: 6 }, /fault\.jitterMs.*from 0 to 5/],
    ['a rate of zero', { kind: 'bandwidth', bytesPerSecond: 0 }, /fault\.bytesPerSecond.*from 1/],
    [
      'a variation that leaves nothing',
      { kind: 'slicer', averageBytes: 3, variationBytes: 3 },
      /fault\.variationBytes.*from 0 to 2/,
    ],
    ['half a byte', { kind: 'limit_data', bytes: 1.5 }, /fault\.bytes.*integer/],
    ['a share above 1', { kind: 'reset_peer', share: 2 }, /fault\.share.*from 0 to 1/],
    ['an unknown direction', { kind: 'reset_peer', direction: 'up' }, /fault\.direction/],
    ['a time below 0', { kind: 'slow_close', delayMs: -1 }, /fault\.delayMs/],
  ];
  for (const [what, fault, message] of BAD)
    it(`refuses ${what}`, () => {
      assert.throws(
        () => checkFault(fault as Fault),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    });
});
