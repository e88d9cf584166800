import { Metadata as OwnMetadata, succeed } from '@breakwater/core';
import { send, until } from '../world.itest.js';
import { adding, chatting, counting, headers, none, refused, type Scenarios, trailers } from './scenario.itest.js';

export const STREAMS: Scenarios = {
  'a server stream with headers and trailers': {
    serve: { Down: counting },
    async run(stub, log) {
      log.read(stub.Down(3));
      await log.whenOver();
    },
  },
  'a server stream without messages': {
    serve: { Down: async () => succeed(undefined, OwnMetadata.EMPTY, trailers) },
    async run(stub, log) {
      log.read(stub.Down(0));
      await log.whenOver();
    },
  },
  'a server stream that is refused before its first message': {
    serve: { Down: async () => refused('no stream') },
    async run(stub, log) {
      log.read(stub.Down(0));
      await log.whenOver();
    },
  },
  'a server stream that fails after headers': {
    serve: {
      Down: async (call) => {
        call.responses?.headers(headers);
        return refused('changed my mind');
      },
    },
    async run(stub, log) {
      log.read(stub.Down(0));
      await log.whenOver();
    },
  },
  'a client stream': {
    serve: { Up: adding },
    async run(stub, log) {
      const call = log.listen(stub.Up(none(), {}, log.callback));
      for (const one of [1, 2, 3]) call.write(one);
      call.end();
      await log.whenOver();
    },
  },
  'a client stream without messages': {
    serve: { Up: adding },
    async run(stub, log) {
      log.listen(stub.Up(none(), {}, log.callback)).end();
      await log.whenOver();
    },
  },
  'a client stream with one message, ended at once': {
    serve: { Up: adding },
    async run(stub, log) {
      log.listen(stub.Up(none(), {}, log.callback)).end(5);
      await log.whenOver();
    },
  },
  'a client stream that is written over many turns': {
    serve: { Up: adding },
    async run(stub, log) {
      const call = log.listen(stub.Up(none(), {}, log.callback));
      for (const one of [1, 2, 3]) {
        await new Promise<void>((resolve) => call.write(one, () => resolve()));
        await new Promise(setImmediate);
      }
      call.end();
      await log.whenOver();
    },
  },
  'a client stream that is answered before it has ended': {
    serve: {
      Up: async (call) => {
        for await (const one of call.requests ?? []) return succeed(['enough', one], headers, trailers);
        return refused('nothing came');
      },
    },
    async run(stub, log) {
      const call = log.listen(stub.Up(none(), {}, log.callback));
      call.write(1);
      await until(() => log.count('status') === 1);
      // Whoever writes on must not get stuck.
      for (const one of [2, 3, 4]) await new Promise<void>((resolve) => call.write(one, () => resolve()));
      call.end();
      await log.whenOver();
    },
  },
  'a client stream that is refused before it has ended': {
    serve: { Up: async () => refused('too much') },
    async run(stub, log) {
      const call = log.listen(stub.Up(none(), {}, log.callback));
      call.write(1);
      await until(() => log.count('status') === 1);
      await new Promise<void>((resolve) => call.write(2, () => resolve()));
      call.end();
      await log.whenOver();
    },
  },
  'a conversation that takes turns': {
    serve: { Chat: chatting },
    async run(stub, log) {
      const call = log.read(stub.Chat());
      let turns = 0;
      call.on('data', () => {
        turns += 1;
        if (turns < 5) call.write(turns);
        else call.end();
      });
      call.write(0);
      await log.whenOver();
    },
  },
  'a conversation that the server opens': {
    serve: {
      Chat: async (call) => {
        await send(call, 'hello');
        for await (const one of call.requests ?? []) await send(call, one);
        return succeed(undefined);
      },
    },
    async run(stub, log) {
      const call = log.read(stub.Chat());
      call.once('data', () => call.end('hello to you'));
      await log.whenOver();
    },
  },
  'a conversation without a word': {
    serve: { Chat: chatting },
    async run(stub, log) {
      log.read(stub.Chat()).end();
      await log.whenOver();
    },
  },
  'half-close first, answers afterwards': {
    serve: {
      Chat: async (call) => {
        const all: unknown[] = [];
        for await (const one of call.requests ?? []) all.push(one);
        await send(call, all.length, ...all);
        return succeed(undefined);
      },
    },
    async run(stub, log) {
      const call = log.read(stub.Chat());
      for (const one of [1, 2, 3]) call.write(one);
      call.end();
      await log.whenOver();
    },
  },
  'a conversation that the server ends while the client talks on': {
    serve: {
      Chat: async (call) => {
        for await (const one of call.requests ?? []) {
          await send(call, one);
          break;
        }
        return succeed(undefined, OwnMetadata.EMPTY, trailers);
      },
    },
    async run(stub, log) {
      const call = log.read(stub.Chat());
      call.write(1);
      await until(() => log.count('status') === 1);
      for (const one of [2, 3]) await new Promise<void>((resolve) => call.write(one, () => resolve()));
      call.end();
      await log.whenOver();
    },
  },
};
