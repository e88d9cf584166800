import assert from 'node:assert/strict';
import { Attributes, attributeKey } from './attributes.js';
import { Code, codeFromName, codeName, toCode } from './code.js';
import { PolicyEvents, type PolicyEvent } from './events.js';
import { isIdempotent, streamsRequest, streamsResponse } from './operation.js';
import { createRuntime } from './runtime.js';
import { describeStatus, isCallerCode } from './status.js';
import { systemClock, systemRandom } from './system-clock.js';
import { FakeClock, aCall, aFailure, anOperation, mockLeaf } from './testing/index.js';

describe('codes', () => {
  it('go from number to name and back, and foreign ones become UNKNOWN', () => {
    for (let code = 0; code <= 16; code++) {
      assert.equal(toCode(code), code);
      assert.equal(codeFromName(codeName(code)), code);
    }
    for (const number of [-1, 17, 1.5, Number.NaN]) assert.equal(toCode(number), Code.UNKNOWN);
    assert.equal(codeName(99 as Code), 'UNKNOWN');
    for (const name of ['14', 'unavailable', 'toString', '']) assert.equal(codeFromName(name), undefined);
  });

  it('that blame the caller are those that no library gives, cancellation, and lack of rights or method', () => {
    const blaming = Array.from({ length: 17 }, (_, code) => code)
      .filter(isCallerCode)
      .map((code) => codeName(code));
    assert.deepEqual(blaming, [
      'CANCELLED',
      'INVALID_ARGUMENT',
      'NOT_FOUND',
      'ALREADY_EXISTS',
      'PERMISSION_DENIED',
      'FAILED_PRECONDITION',
      'ABORTED',
      'OUT_OF_RANGE',
      'UNIMPLEMENTED',
      'UNAUTHENTICATED',
    ]);
  });

  it('are described with reason and details', () => {
    assert.equal(
      describeStatus({ code: Code.UNAVAILABLE, reason: 'DRAINING', details: 'leaving', origin: 'remote' }),
      'UNAVAILABLE (DRAINING): leaving',
    );
    assert.equal(describeStatus({ code: Code.UNKNOWN, details: '', origin: 'remote' }), 'UNKNOWN: ');
  });
});

describe('Attributes', () => {
  it('are typed by key, not by name, and derived without changing what was', () => {
    const [retries, other] = [attributeKey<number>('retries'), attributeKey<number>('retries')];
    const one = Attributes.EMPTY.with(retries, 1);
    const two = one.with(retries, 2).with(other, 9);
    assert.deepEqual(
      [Attributes.EMPTY.get(retries), one.get(retries), two.get(retries), two.get(other)],
      [undefined, 1, 2, 9],
    );
  });
});

describe('operations', () => {
  it('know what streams and what may be repeated', () => {
    const kinds = (['unary', 'client_stream', 'server_stream', 'bidi'] as const).map((kind) => anOperation({ kind }));
    assert.deepEqual(kinds.map(streamsRequest), [false, true, false, true]);
    assert.deepEqual(kinds.map(streamsResponse), [false, false, true, true]);
    const levels = (['unknown', 'no_side_effects', 'idempotent'] as const).map((idempotency) =>
      anOperation({ idempotency }),
    );
    assert.deepEqual(levels.map(isIdempotent), [false, true, true]);
  });
});

describe('PolicyEvents', () => {
  it('reach every listener until it unsubscribes, also when it does so while listening', () => {
    const events = new PolicyEvents();
    const event: PolicyEvent = { type: 'attempt_timeout', policy: 'attempt-timeout', call: aCall() };
    const log: string[] = [];
    assert.equal(events.listening, false);
    const once = events.subscribe(() => {
      log.push('once');
      once();
    });
    const always = events.subscribe((one) => log.push(one.type));
    events.emit(event);
    events.emit(event);
    assert.deepEqual(log, ['once', 'attempt_timeout', 'attempt_timeout']);
    always();
    always();
    assert.equal(events.listening, false);
  });
});

describe('createRuntime', () => {
  it('takes the system for what is not given, and an event fan-out of its own', () => {
    const clock = new FakeClock();
    const [real, fake] = [createRuntime(), createRuntime({ clock })];
    assert.deepEqual([real.clock, real.random, fake.clock], [systemClock, systemRandom, clock]);
    assert.notEqual(real.events, fake.events);
  });
});

describe('mockLeaf', () => {
  it('holds calls until they are answered, in any order', async () => {
    const leaf = mockLeaf();
    assert.throws(() => leaf.last(), /no call has reached the leaf/);
    const [first, second, third] = [leaf.handler(aCall()), leaf.handler(aCall()), leaf.handler(aCall())];
    leaf.held[2]?.succeed('third');
    leaf.held[0]?.fail(Code.UNAVAILABLE, { reason: 'DRAINING', sent: 'refused' });
    leaf.held[1]?.explode(new Error('defect'));
    const outcome = await third;
    assert.equal(outcome?.ok === true && outcome.value, 'third');
    assert.deepEqual(await first, aFailure(Code.UNAVAILABLE, { reason: 'DRAINING', sent: 'refused' }));
    await assert.rejects(async () => second, /defect/);
  });
});
