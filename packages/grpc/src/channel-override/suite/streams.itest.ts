import assert from 'node:assert/strict';
import { Metadata, status, type ClientReadableStream } from '@grpc/grpc-js';
import { Code, fail, succeed, type Call } from '@breakwater/core';
import type { TransportFeatures } from '@breakwater/rpc/conformance';
import { ended, readAll } from '../../interceptor/plain-app.itest.js';
import { BACKLOG_MESSAGES } from '../backlog.js';
import { type OverrideWorld, send, settled, until } from './world.itest.js';

const CHUNK = 'x'.repeat(16 * 1024);
const TOTAL = 3000;

export function describeStreams(world: () => OverrideWorld, { messagesBeforeFailure = true }: TransportFeatures): void {
  it('a reader that pauses holds the server up, and gets everything when it reads on', async () => {
    let sent = 0;
    await world().serve({
      Down: async (call) => {
        for (; sent < TOTAL; sent++) await send(call, [sent, CHUNK]);
        return succeed(undefined);
      },
    });
    const call = world().stub().Down(1);
    await new Promise((resolve) => call.once('readable', resolve));
    assert.ok((await settled(() => sent)) < TOTAL / 2, `${sent} of ${TOTAL} were sent to a reader who takes none`);
    call.once('data', () => call.pause());
    await settled(() => sent);
    const { messages, error } = await readAll(call.resume());
    assert.equal(error, null);
    assert.deepEqual(
      messages.map((message) => (message as unknown[])[0]),
      Array.from({ length: TOTAL }, (_, index) => index).slice(TOTAL - messages.length),
    );
    assert.equal(messages.length, TOTAL - 1);
  });

  it('a server that reads slowly holds the writer up', async () => {
    let go: (() => void) | undefined;
    let taken = 0;
    await world().serve({
      Up: async (call) => {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        for await (const _ of call.requests ?? []) taken += 1;
        return succeed(taken);
      },
    });
    let written = 0;
    const { error, value } = await ended((callback) => {
      const call = world().stub().Up(new Metadata(), {}, callback);
      const pump = (): void => {
        while (written < TOTAL) {
          written += 1;
          if (!call.write(CHUNK)) return void call.once('drain', pump);
        }
        call.end();
      };
      pump();
      void settled(() => written).then((stopped) => {
        assert.ok(stopped < TOTAL / 2, `${stopped} of ${TOTAL} were written to a server who takes none`);
        go?.();
      });
    });
    assert.equal(error, null);
    assert.equal(value, TOTAL);
  });

  it('long conversations keep their order and lose nothing', async () => {
    await world().serve({
      Chat: async (call) => {
        for await (const one of call.requests ?? []) await send(call, one);
        return succeed(undefined);
      },
    });
    const stub = world().stub();
    const numbers = Array.from({ length: 2000 }, (_, index) => index);
    const talk = async (): Promise<void> => {
      const call = stub.Chat();
      const read = readAll(call);
      for (const one of numbers) call.write(one);
      call.end();
      assert.deepEqual(await read, { messages: numbers, error: null });
    };
    await Promise.all([talk(), talk(), talk()]);
  });

  it('can be read with for await, and a loop that is left cancels its call', async () => {
    let cancelled: number | undefined;
    await world().serve({
      Down: async (call) => {
        call.cancellation.onCancel(({ code }) => (cancelled = code));
        for (let index = 0; !call.cancellation.cancelled; index++) await send(call, index);
        return fail(call.cancellation.status ?? { code: Code.INTERNAL, details: '', origin: 'local' });
      },
    });
    const stub = world().stub();
    const taken: unknown[] = [];
    const call = stub.Down(1);
    // As with grpc-js, leaving the loop destroys the stream, and its call is the application's to cancel.
    call.on('error', () => {});
    for await (const message of call as AsyncIterable<unknown>) {
      taken.push(message);
      if (taken.length === 40) break;
    }
    call.cancel();
    assert.deepEqual(
      taken,
      Array.from({ length: 40 }, (_, index) => index),
    );
    await until(() => cancelled !== undefined);
    assert.equal(cancelled, Code.CANCELLED);
  });

  const failing = async (call: Call) => {
    await send(call, ...Array.from({ length: 10 }, (_, index) => index));
    return fail({ code: Code.DATA_LOSS, details: 'torn', origin: 'handler' }, 'unknown');
  };

  if (messagesBeforeFailure) {
    it('a reader gets the messages that came before a failure', async () => {
      await world().serve({ Down: failing });
      const { messages, error } = await readAll(world().stub().Down(1));
      assert.equal(error?.code, status.DATA_LOSS);
      assert.deepEqual(messages, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  }

  it('a failure does not wait for a reader who does not read', async () => {
    await world().serve({
      Down: async (call) => {
        // More than the stub and the adapter keep, so that some have certainly not been asked for.
        for (let index = 0; index < 5 * BACKLOG_MESSAGES; index++) void call.responses?.message(index);
        return fail({ code: Code.DATA_LOSS, details: 'torn', origin: 'handler' }, 'unknown');
      },
    });
    const call: ClientReadableStream<unknown> = world().stub().Down(1);
    const error = await new Promise<{ code: number }>((resolve) =>
      call.on('error', (one) => resolve(one as unknown as { code: number })),
    );
    assert.equal(error.code, status.DATA_LOSS);
  });

  it('an OK waits until every message has been read', async () => {
    await world().serve({
      Down: async (call) => {
        for (let index = 0; index < 5 * BACKLOG_MESSAGES; index++) void call.responses?.message(index);
        return succeed(undefined);
      },
    });
    const call = world().stub().Down(1);
    let over = false;
    call.on('status', () => (over = true));
    await new Promise((resolve) => call.once('readable', resolve));
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    assert.equal(over, false);
    const { messages, error } = await readAll(call);
    assert.equal(error, null);
    assert.equal(messages.length, 5 * BACKLOG_MESSAGES);
  });
}
