import assert from 'node:assert/strict';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { settleMicrotasks } from '@breakwater/core/testing';
import { RequestIntake } from './request-intake.js';

describe('RequestIntake', () => {
  let intake: RequestIntake;
  let released: string[];
  const push = (text: string): void => intake.push(Buffer.from(text), () => void released.push(text));
  const read = async (): Promise<string[]> => {
    const texts: string[] = [];
    for await (const message of intake.stream()) texts.push(String(message));
    return texts;
  };
  beforeEach(() => {
    intake = new RequestIntake(new AsyncResource('TEST'));
    released = [];
  });

  it('gives the only message when the request has ended with it', async () => {
    push('1');
    assert.equal(intake.takeOnly(), undefined);
    intake.end();
    assert.deepEqual(released, []);
    assert.equal(String(intake.takeOnly()), '1');
    assert.deepEqual(released, [], 'the writer was let go from within');
    await settleMicrotasks();
    assert.deepEqual(released, ['1']);
  });

  it('has no only message where there are none, or two, or a stream has been made of it', () => {
    intake.end();
    assert.equal(intake.takeOnly(), undefined);
    intake = new RequestIntake(new AsyncResource('TEST'));
    push('1');
    push('2');
    intake.end();
    assert.equal(intake.takeOnly(), undefined);
    intake = new RequestIntake(new AsyncResource('TEST'));
    push('1');
    intake.stream();
    intake.end();
    assert.equal(intake.takeOnly(), undefined);
  });

  it('streams what came before and what comes later, and ends where the request does', async () => {
    push('1');
    push('2');
    const all = read();
    push('3');
    intake.end();
    assert.deepEqual(await all, ['1', '2', '3']);
    await settleMicrotasks();
    assert.deepEqual(released, ['1', '2', '3']);
  });

  it('ends a stream that is made after the half-close', async () => {
    intake.end();
    assert.deepEqual(await read(), []);
  });

  it('holds a writer until its message is taken', async () => {
    const messages = intake.stream();
    push('1');
    await settleMicrotasks();
    assert.deepEqual(released, []);
    await messages.next();
    await settleMicrotasks();
    assert.deepEqual(released, ['1']);
  });

  for (const streamed of [false, true]) {
    it(`lets every writer go when it is closed, ${streamed ? 'as a stream' : 'before it has begun'}`, async () => {
      if (streamed) intake.stream();
      push('1');
      intake.close();
      intake.close();
      push('2');
      await settleMicrotasks();
      assert.deepEqual(released.sort(), ['1', '2']);
    });
  }

  it('lets writers go in the async context of the call', async () => {
    const context = new AsyncLocalStorage<string>();
    const scope = context.run('call', () => new AsyncResource('TEST'));
    intake = new RequestIntake(scope);
    let seen: string | undefined;
    intake.push(Buffer.from('1'), () => (seen = context.getStore()));
    intake.end();
    intake.takeOnly();
    await settleMicrotasks();
    assert.equal(seen, 'call');
  });
});
