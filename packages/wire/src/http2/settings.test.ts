import assert from 'node:assert/strict';
import { ConnectionError, ErrorCode } from './error-code.js';
import { PeerSettings } from './settings.js';

type Pair = readonly [id: number, value: number];

const MAX_CONCURRENT = 3;
const ENABLE_PUSH = 2;
const INITIAL_WINDOW = 4;
const MAX_FRAME = 5;

const payload = (pairs: readonly Pair[]): Buffer =>
  Buffer.concat(
    pairs.map(([id, value]) => {
      const bytes = Buffer.alloc(6);
      bytes.writeUInt16BE(id, 0);
      bytes.writeUInt32BE(value, 2);
      return bytes;
    }),
  );

/** Settings that are none of this frame. */
const AROUND = payload([[MAX_CONCURRENT, 77]]);

/** Applies settings whose bytes lie between others. */
function apply(pairs: readonly Pair[], fromServer = false, settings = new PeerSettings()): PeerSettings {
  const bytes = payload(pairs);
  settings.apply(Buffer.concat([AROUND, bytes, AROUND]), 6, 6 + bytes.length, fromServer);
  return settings;
}

const refuses = (pairs: readonly Pair[], code: number, fromServer = false): void =>
  assert.throws(
    () => apply(pairs, fromServer),
    (error) => error instanceof ConnectionError && error.code === code,
    JSON.stringify(pairs),
  );

describe('PeerSettings', () => {
  it('has the defaults of RFC 9113 until the peer says otherwise', () => {
    assert.deepEqual(Object.fromEntries(Object.entries(new PeerSettings())), {
      headerTableSize: 4096,
      lowestTableSize: 4096,
      maxConcurrentStreams: Number.POSITIVE_INFINITY,
      initialWindowSize: 65_535,
      maxFrameSize: 16_384,
      maxHeaderListSize: Number.POSITIVE_INFINITY,
    });
  });

  it('takes what it is told, up to the highest values, and passes over what it does not know', () => {
    const settings = apply([
      [1, 2 ** 32 - 1],
      [MAX_CONCURRENT, 2 ** 32 - 1],
      [ENABLE_PUSH, 1],
      [INITIAL_WINDOW, 2 ** 31 - 1],
      [MAX_FRAME, 2 ** 24 - 1],
      [6, 8000],
      [0xffff, 5],
      [0x103, 7],
      [0, 1],
    ]);
    assert.deepEqual(Object.fromEntries(Object.entries(settings)), {
      headerTableSize: 2 ** 32 - 1,
      lowestTableSize: 4096,
      maxConcurrentStreams: 2 ** 32 - 1,
      initialWindowSize: 2 ** 31 - 1,
      maxFrameSize: 2 ** 24 - 1,
      maxHeaderListSize: 8000,
    });
  });

  it('keeps what a later frame does not mention, and takes the last value of several', () => {
    const settings = apply([
      [MAX_CONCURRENT, 1],
      [MAX_CONCURRENT, 0],
    ]);
    apply([[INITIAL_WINDOW, 0]], false, settings);
    apply([], false, settings);
    assert.deepEqual([settings.maxConcurrentStreams, settings.initialWindowSize], [0, 0]);
  });

  it('knows the lowest table size of the last frame, beginning with what it was before', () => {
    const settings = apply([
      [1, 100],
      [1, 7],
      [1, 4096],
    ]);
    assert.deepEqual([settings.lowestTableSize, settings.headerTableSize], [7, 4096]);
    apply([[1, 9000]], false, settings);
    assert.deepEqual([settings.lowestTableSize, settings.headerTableSize], [4096, 9000]);
  });

  it('refuses values that RFC 9113 forbids', () => {
    refuses([[ENABLE_PUSH, 2]], ErrorCode.protocolError);
    refuses([[INITIAL_WINDOW, 2 ** 31]], ErrorCode.flowControlError);
    refuses([[MAX_FRAME, 16_383]], ErrorCode.protocolError);
    refuses([[MAX_FRAME, 2 ** 24]], ErrorCode.protocolError);
  });

  it('takes the least frame size that RFC 9113 allows', () => {
    assert.equal(apply([[MAX_FRAME, 16_384]]).maxFrameSize, 16_384);
  });

  it('refuses a server that enables push', () => {
    refuses([[ENABLE_PUSH, 1]], ErrorCode.protocolError, true);
    assert.doesNotThrow(() => apply([[ENABLE_PUSH, 0]], true));
  });

  it('refuses a length that is no multiple of six', () => {
    for (const length of [1, 5, 7, 11]) {
      const applied = (): void => new PeerSettings().apply(Buffer.alloc(20), 0, length, false);
      assert.throws(applied, (error) => error instanceof ConnectionError && error.code === ErrorCode.frameSizeError);
    }
  });
});
