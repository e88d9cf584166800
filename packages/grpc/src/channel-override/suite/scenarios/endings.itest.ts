import { send, until } from '../world.itest.js';
import { adding, chatting, counting, echo, forever, none, type Scenarios } from './scenario.itest.js';

export const ENDINGS: Scenarios = {
  'a deadline that passes on a unary call': {
    serve: { Unary: forever },
    async run(stub, log) {
      log.listen(stub.Unary(1, none(), { deadline: Date.now() + 30 }, log.callback));
      await log.whenOver();
    },
  },
  'a deadline that passes between two messages': {
    serve: {
      Down: async (call) => {
        await send(call, 1);
        return forever(call);
      },
    },
    async run(stub, log) {
      // Long enough for the first message on a machine that has much to do.
      log.read(stub.Down(1, none(), { deadline: new Date(Date.now() + 500) }));
      await log.whenOver();
    },
  },
  'a deadline that passes on a stream nobody writes to': {
    serve: { Up: forever },
    async run(stub, log) {
      log.listen(stub.Up(none(), { deadline: Date.now() + 30 }, log.callback));
      await log.whenOver();
    },
  },
  'a deadline that has passed before': {
    serve: { Unary: echo },
    async run(stub, log) {
      log.listen(stub.Unary(1, none(), { deadline: Date.now() - 1000 }, log.callback));
      log.listen(stub.Unary(1, none(), { deadline: Number.NEGATIVE_INFINITY }, log.callback));
      await log.whenOver(2);
    },
  },
  'a call that is cancelled in the tick of its start': {
    serve: { Unary: echo, Down: counting, Up: adding, Chat: chatting },
    async run(stub, log) {
      log.listen(stub.Unary(1, none(), {}, log.callback)).cancel();
      log.read(stub.Down(3)).cancel();
      const up = log.listen(stub.Up(none(), {}, log.callback));
      up.write(1);
      up.cancel();
      await log.whenOver(3);
    },
  },
  'a stream that is cancelled in its middle, twice': {
    serve: {
      Down: async (call) => {
        await send(call, 1);
        return forever(call);
      },
    },
    async run(stub, log) {
      const call = log.read(stub.Down(1));
      await until(() => log.count('data') === 1);
      call.cancel();
      call.cancel();
      await log.whenOver();
    },
  },
  'a call that is cancelled when it is over': {
    serve: { Unary: echo },
    async run(stub, log) {
      const call = log.listen(stub.Unary(1, none(), {}, log.callback));
      await log.whenOver();
      call.cancel();
      await log.whenOver();
    },
  },
};
