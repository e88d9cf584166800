import assert from 'node:assert/strict';
import { MessageQueue } from './message-queue.js';

describe('MessageQueue', () => {
  let queue: MessageQueue;
  let taken: number[];
  const push = (message: number): void => queue.push(message, () => taken.push(message));
  beforeEach(() => {
    queue = new MessageQueue();
    taken = [];
  });

  it('lets a writer go when its message is taken, not before', async () => {
    push(1);
    push(2);
    assert.deepEqual(taken, []);
    assert.deepEqual(await queue.next(), { value: 1, done: false });
    assert.deepEqual(taken, [1]);
    const [third, fourth] = [queue.next(), queue.next()];
    push(3);
    assert.deepEqual(taken, [1, 2, 3]);
    assert.deepEqual([(await third).value, (await fourth).value], [2, 3]);
  });

  it('ends after what was pushed before', async () => {
    push(1);
    queue.end();
    assert.equal((await queue.next()).value, 1);
    assert.equal((await queue.next()).done, true);
  });

  it('lets writers go when nobody reads on, also those that come afterwards', async () => {
    push(1);
    const stopped = queue.return();
    push(2);
    assert.deepEqual(taken, [1, 2]);
    assert.equal((await stopped).done, true);
    assert.equal((await queue.next()).done, true);
  });
});
