import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Metadata as GrpcMetadata, status, type InterceptingListener } from '@grpc/grpc-js';
import { Code, fail, Metadata, succeed } from '@breakwater/core';
import { settleMicrotasks } from '@breakwater/core/testing';
import { BACKLOG_MESSAGES } from './backlog.js';
import { ResponseRelay } from './response-relay.js';

const torn = fail({ code: Code.DATA_LOSS, details: 'torn', origin: 'remote' }, 'unknown');
const cancelled = { code: status.CANCELLED, details: 'enough', metadata: new GrpcMetadata() };
const bytes = (text: string): Buffer => Buffer.from(text);

/** Settles with what `run` leaves as an uncaught exception. */
async function uncaught(run: () => void): Promise<unknown> {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  try {
    return await new Promise((resolve) => {
      process.once('uncaughtException', resolve);
      run();
    });
  } finally {
    for (const other of others) process.on('uncaughtException', other);
  }
}

describe('ResponseRelay', () => {
  let relay: ResponseRelay;
  let log: string[];
  let onMessage: (text: string) => void;
  const listener: InterceptingListener = {
    onReceiveMetadata: () => void log.push('headers'),
    onReceiveMessage: (message: Buffer) => {
      log.push(message.toString());
      onMessage(message.toString());
    },
    onReceiveStatus: ({ code }) => void log.push(Code[code] ?? ''),
  };
  beforeEach(() => {
    relay = new ResponseRelay();
    log = [];
    onMessage = () => {};
    relay.listen(listener);
  });

  it('hands a message on for each read, and headers at once', () => {
    relay.headers(Metadata.EMPTY);
    assert.equal(relay.message(bytes('1')), true);
    assert.equal(relay.message(bytes('2')), true);
    assert.deepEqual(log, ['headers']);
    relay.pull();
    assert.deepEqual(log, ['headers', '1']);
    relay.pull();
    relay.pull();
    assert.equal(relay.message(bytes('3')), true);
    assert.deepEqual(log, ['headers', '1', '2', '3']);
    // Two reads for one message are one read.
    void relay.message(bytes('4'));
    assert.deepEqual(log, ['headers', '1', '2', '3']);
  });

  it('puts headers in front of a message that has none', () => {
    relay.pull();
    void relay.message(bytes('1'));
    relay.headers(Metadata.of({ late: '1' }));
    assert.deepEqual(log, ['headers', '1']);
  });

  it('holds the sender up when so many messages wait, until there is room', async () => {
    for (let sent = 1; sent < BACKLOG_MESSAGES; sent++) assert.equal(relay.message(bytes('x')), true);
    let room = false;
    const full = relay.message(bytes('x'));
    assert.notEqual(full, true);
    void Promise.resolve(full).then(() => (room = true));
    await settleMicrotasks();
    assert.equal(room, false);
    relay.pull();
    await settleMicrotasks();
    assert.equal(room, true);
  });

  it('tells an OK when the last message has been taken', async () => {
    void relay.message(bytes('1'));
    relay.end(succeed(undefined));
    await settleMicrotasks();
    assert.deepEqual(log, ['headers']);
    relay.pull();
    assert.deepEqual(log, ['headers', '1'], 'it was told from within the read');
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', '1', 'OK']);
  });

  it('tells a failure at once when nobody reads, and after what a reader on its way still takes', async () => {
    void relay.message(bytes('1'));
    relay.end(torn);
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', 'DATA_LOSS']);
    relay.pull();
    assert.deepEqual(log, ['headers', 'DATA_LOSS']);

    relay = new ResponseRelay();
    log = [];
    relay.listen(listener);
    // As a stream of Node reads: on the next tick.
    onMessage = () => process.nextTick(() => relay.pull());
    relay.pull();
    for (const text of ['1', '2', '3']) void relay.message(bytes(text));
    relay.end(torn);
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', '1', '2', '3', 'DATA_LOSS']);
  });

  it('gives the value of a unary outcome as a message, behind its headers', () => {
    relay.pull();
    relay.end(succeed(bytes('1'), Metadata.of({ a: '1' })));
    assert.deepEqual(log, ['headers', '1', 'OK']);
  });

  it('has no headers to tell of a failure that had none', () => {
    relay.end(torn);
    relay.headers(Metadata.EMPTY);
    relay.end(succeed(undefined));
    assert.deepEqual(log, ['DATA_LOSS']);
  });

  it('delivers nothing while it is held, and all of it in order afterwards', async () => {
    relay.hold();
    relay.pull();
    relay.headers(Metadata.EMPTY);
    void relay.message(bytes('1'));
    assert.deepEqual(log, []);
    relay.open();
    assert.deepEqual(log, []);
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', '1']);
  });

  it('tells a cancellation soon, once, and drops what has not been delivered', async () => {
    void relay.message(bytes('1'));
    assert.equal(relay.cancel(cancelled), true);
    assert.equal(relay.cancel({ ...cancelled, code: status.ABORTED }), false);
    assert.deepEqual(log, ['headers']);
    relay.pull();
    relay.end(torn);
    assert.equal(relay.message(bytes('2')), true);
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', 'CANCELLED']);
    assert.equal(relay.cancel(cancelled), false);
  });

  it('lets a cancellation win over an OK that waits for its reader', async () => {
    void relay.message(bytes('1'));
    relay.end(succeed(undefined));
    assert.equal(relay.cancel(cancelled), true);
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', 'CANCELLED']);
  });

  it('lets a listener cancel from within', async () => {
    onMessage = () => void relay.cancel(cancelled);
    relay.pull();
    relay.end(succeed(bytes('1')));
    await settleMicrotasks();
    assert.deepEqual(log, ['headers', '1', 'CANCELLED']);
  });

  it('keeps a cancellation for a listener that comes later', async () => {
    relay = new ResponseRelay();
    relay.cancel(cancelled);
    await settleMicrotasks();
    relay.listen(listener);
    assert.deepEqual(log, []);
    await settleMicrotasks();
    assert.deepEqual(log, ['CANCELLED']);
  });

  it('makes an uncaught exception of what a listener throws, and goes on', async () => {
    const error = new Error('of the application');
    onMessage = (text) => {
      if (text === '1') throw error;
    };
    relay.pull();
    assert.equal(await uncaught(() => assert.equal(relay.message(bytes('1')), true)), error);
    relay.pull();
    void relay.message(bytes('2'));
    relay.end(succeed(undefined));
    assert.deepEqual(log, ['headers', '1', '2', 'OK']);
  });

  it('whatever happens when: headers first, messages in order and none lost before an OK, one status and last', async () => {
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.constant('headers' as const) },
      { weight: 4, arbitrary: fc.constant('message' as const) },
      { weight: 4, arbitrary: fc.constant('pull' as const) },
      { weight: 2, arbitrary: fc.constant('turn' as const) },
      { weight: 1, arbitrary: fc.constantFrom('ok' as const, 'fail' as const, 'cancel' as const) },
      { weight: 1, arbitrary: fc.constantFrom('hold' as const, 'open' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const one = new ResponseRelay();
        log = [];
        one.listen(listener);
        let sent = 0;
        let ended = false;
        for (const what of steps) {
          if (what === 'headers' && !ended) one.headers(Metadata.EMPTY);
          if (what === 'message' && !ended) void one.message(bytes(String(sent++)));
          if (what === 'pull') one.pull();
          if (what === 'hold') one.hold();
          if (what === 'open') one.open();
          if (what === 'turn') await settleMicrotasks();
          if (what === 'cancel') one.cancel(cancelled);
          if ((what === 'ok' || what === 'fail') && !ended) {
            ended = true;
            one.open();
            one.end(what === 'ok' ? succeed(undefined) : torn);
          }
        }
        one.open();
        if (!ended) one.end(succeed(undefined));
        for (let read = 0; read <= sent; read++) {
          one.pull();
          await settleMicrotasks();
        }
        await settleMicrotasks();
        const last = log.pop();
        assert.ok(['OK', 'DATA_LOSS', 'CANCELLED'].includes(last ?? ''), `it ended with ${last}`);
        if (log.length > 0) assert.equal(log.shift(), 'headers');
        assert.deepEqual(
          log,
          log.map((_, index) => String(index)),
        );
        if (last === 'OK') assert.equal(log.length, sent);
      }),
      { numRuns: 200 },
    );
  });
});
