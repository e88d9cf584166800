import assert from 'node:assert/strict';
import { Cancellation, ChildCancellation } from './cancellation.js';
import { Code } from './code.js';
import type { Status } from './status.js';

const gone: Status = { code: Code.CANCELLED, reason: 'CANCELLED', details: 'gone', origin: 'local' };
const expired: Status = {
  code: Code.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  details: 'expired',
  origin: 'local',
};

describe('Cancellation', () => {
  it('fires once, with the first status, for every listener in order', () => {
    const cancellation = new Cancellation();
    const log: string[] = [];
    cancellation.onCancel((status) => log.push(`a ${status.details}`));
    cancellation.onCancel((status) => log.push(`b ${status.details}`));
    assert.deepEqual([cancellation.cancelled, cancellation.status], [false, undefined]);
    cancellation.cancel(gone);
    cancellation.cancel(expired);
    assert.deepEqual(log, ['a gone', 'b gone']);
    assert.equal(cancellation.status, gone);
    assert.equal(cancellation.listenerCount, 0);
  });

  it('calls a listener that comes too late at once, and keeps none', () => {
    const cancellation = new Cancellation();
    cancellation.cancel(gone);
    let seen: Status | undefined;
    cancellation.onCancel((status) => (seen = status));
    assert.equal(seen, gone);
    assert.equal(cancellation.listenerCount, 0);
  });

  it('does not call a listener that was removed, not even by a listener before it', () => {
    const cancellation = new Cancellation();
    const log: string[] = [];
    const never = (): void => void log.push('never');
    const removed = (): void => void log.push('removed');
    cancellation.onCancel(never);
    cancellation.onCancel(() => {
      log.push('first');
      cancellation.removeListener(removed);
      assert.equal(cancellation.cancelled, true);
    });
    cancellation.onCancel(removed);
    cancellation.onCancel(() => log.push('last'));
    cancellation.removeListener(never);
    cancellation.removeListener(never);
    assert.equal(cancellation.listenerCount, 3);
    cancellation.cancel(gone);
    assert.deepEqual(log, ['first', 'last']);
  });

  it('lets a listener cancel again without a second round', () => {
    const cancellation = new Cancellation();
    let rounds = 0;
    cancellation.onCancel(() => {
      rounds += 1;
      cancellation.cancel(expired);
    });
    cancellation.cancel(gone);
    assert.equal(rounds, 1);
  });
});

describe('ChildCancellation', () => {
  it('follows its parent, and leaves the parent alone', () => {
    const parent = new Cancellation();
    const first = new ChildCancellation(parent);
    const second = new ChildCancellation(parent);
    first.cancel(expired);
    assert.equal(parent.cancelled, false);
    parent.cancel(gone);
    assert.deepEqual([first.status, second.status], [expired, gone]);
  });

  it('starts cancelled under a cancelled parent', () => {
    const parent = new Cancellation();
    parent.cancel(gone);
    assert.equal(new ChildCancellation(parent).status, gone);
  });

  it('is let go by release', () => {
    const parent = new Cancellation();
    const child = new ChildCancellation(parent);
    assert.equal(parent.listenerCount, 1);
    child.release();
    child.release();
    assert.equal(parent.listenerCount, 0);
    parent.cancel(gone);
    assert.equal(child.cancelled, false);
  });
});
