import assert from 'node:assert/strict';
import { settleMicrotasks } from '@breakwater/core/testing';
import { Backlog, BACKLOG_BYTES, BACKLOG_MESSAGES } from './backlog.js';

describe('Backlog', () => {
  const settles = async (room: true | Promise<void>): Promise<boolean> => {
    let done = room === true;
    void Promise.resolve(room).then(() => (done = true));
    await settleMicrotasks();
    return done;
  };

  it('gives back what was put in, in order', () => {
    const backlog = new Backlog();
    assert.equal(backlog.empty, true);
    for (const text of ['a', '', 'c']) backlog.push(Buffer.from(text));
    assert.equal(backlog.empty, false);
    assert.deepEqual([backlog.shift(), backlog.shift(), backlog.shift(), backlog.shift()].map(String), [
      'a',
      '',
      'c',
      'undefined',
    ]);
  });

  it('has room for so many messages, and for so many bytes', async () => {
    for (const [size, count] of [
      [0, BACKLOG_MESSAGES],
      [BACKLOG_BYTES / 2, 2],
      [BACKLOG_BYTES * 10, 1],
    ] as const) {
      const backlog = new Backlog();
      for (let pushed = 1; pushed < count; pushed++) {
        backlog.push(Buffer.alloc(size));
        assert.equal(backlog.room(), true);
      }
      backlog.push(Buffer.alloc(size));
      const room = backlog.room();
      assert.equal(room, backlog.room(), 'each asker had a promise of its own');
      assert.equal(await settles(room), false, `${count} of ${size} bytes`);
      backlog.shift();
      assert.equal(await settles(room), true, `${count} of ${size} bytes`);
      assert.equal(backlog.room(), true);
    }
  });

  it('lets the sender go when it is cleared', async () => {
    const backlog = new Backlog();
    backlog.push(Buffer.alloc(BACKLOG_BYTES));
    const room = backlog.room();
    backlog.clear();
    assert.equal(await settles(room), true);
    assert.equal(backlog.empty, true);
    assert.equal(backlog.room(), true);
  });
});
