import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReceiveWindow } from './receive-window.js';

const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('consume' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('grow' as const), to: fc.integer({ min: 0, max: 4000 }) }),
);

/** A window, and the peer that it is announced to. */
class Model {
  readonly window: ReceiveWindow;
  /** What the peer believes that it may send. */
  credit: number;
  /** Received and not consumed. */
  waiting = 0;
  size: number;

  constructor(size: number) {
    this.window = new ReceiveWindow(size);
    this.credit = size;
    this.size = size;
  }

  send(byteCount: number): void {
    assert.equal(this.window.take(byteCount), true);
    this.credit -= byteCount;
    this.waiting += byteCount;
  }

  consume(byteCount: number): void {
    this.waiting -= byteCount;
    this.hear(this.window.giveBack(byteCount));
  }

  grow(size: number): void {
    this.size = Math.max(this.size, size);
    this.hear(this.window.grow(size));
  }

  private hear(increment: number): void {
    assert.ok(Number.isInteger(increment) && increment >= 0);
    this.credit += increment;
  }
}

describe('ReceiveWindow', () => {
  it('never lets the peer have more than its size under way and waiting, and always half of it', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.array(step, { maxLength: 200, size: 'max' }),
      (size, steps) => {
        const model = new Model(size);
        for (const one of steps) {
          if (one.kind === 'send') model.send(Math.round(one.part * model.credit));
          else if (one.kind === 'consume') model.consume(Math.round(one.part * model.waiting));
          else model.grow(one.to);
          assert.ok(model.credit + model.waiting <= model.size, 'never more than was consumed');
          assert.ok((model.credit + model.waiting) * 2 > model.size, 'never less than half of the window');
        }
        model.consume(model.waiting);
        assert.ok(model.credit * 2 > model.size, 'a peer whose payload is consumed can go on');
        assert.equal(model.window.take(model.credit), true);
        assert.equal(model.window.take(1), false);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('tells of a peer that sends one byte too much', () => {
    const window = new ReceiveWindow(100);
    assert.equal(window.take(100), true);
    assert.equal(window.take(1), false);
  });

  it('announces what was consumed in batches of half a window', () => {
    const window = new ReceiveWindow(100);
    window.take(100);
    assert.deepEqual(
      [window.giveBack(20), window.giveBack(29), window.giveBack(1), window.giveBack(49)],
      [0, 0, 50, 0],
    );
    assert.equal(window.giveBack(1), 50);
  });

  it('announces its growth at once, along with what was consumed, and never shrinks', () => {
    const window = new ReceiveWindow(100);
    window.take(30);
    assert.equal(window.giveBack(30), 0);
    assert.equal(window.grow(250), 180);
    assert.equal(window.grow(250), 0);
    assert.equal(window.grow(100), 0);
    assert.equal(window.take(250), true);
    assert.equal(window.take(1), false);
  });
});
