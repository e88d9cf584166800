import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Cancellation, Code } from '@breakwater/core';
import { followSignal } from './signal-calls.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('the calls that follow one signal', () => {
  it('share one listener, of which Node does not warn, and leave none', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const ends = Array.from({ length: 100 }, () => followSignal(signal, new Cancellation()));
    assert.equal(listeners(signal), 1);
    for (const end of ends) end();
    assert.equal(listeners(signal), 0);
    followSignal(signal, new Cancellation());
    assert.equal(listeners(signal), 1);
    await new Promise<void>((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  it('are all cancelled when it fires, each once, but for those that are over', () => {
    const controller = new AbortController();
    const calls = Array.from({ length: 3 }, () => new Cancellation());
    const fired: number[] = [];
    calls.forEach((call, index) => call.onCancel(() => fired.push(index)));
    const [, endSecond] = calls.map((call) => followSignal(controller.signal, call));
    endSecond?.();
    controller.abort('enough');
    assert.deepEqual(fired, [0, 2]);
    assert.equal(calls[0]?.status?.code, Code.CANCELLED);
    assert.equal(calls[0]?.status?.details, 'cancelled by the caller: enough');
    assert.equal(listeners(controller.signal), 0);
  });

  it('may be ended, and begun, by the cancellation of another', () => {
    const controller = new AbortController();
    const [first, second, third] = [new Cancellation(), new Cancellation(), new Cancellation()];
    let endSecond = (): void => {};
    first.onCancel(() => {
      endSecond();
      followSignal(controller.signal, third);
    });
    followSignal(controller.signal, first);
    endSecond = followSignal(controller.signal, second);
    controller.abort();
    assert.deepEqual([second.cancelled, third.cancelled], [false, true]);
    assert.equal(listeners(controller.signal), 0);
  });

  it('begin cancelled when it has fired already', () => {
    const call = new Cancellation();
    followSignal(AbortSignal.abort(), call)();
    assert.equal(call.cancelled, true);
  });
});
