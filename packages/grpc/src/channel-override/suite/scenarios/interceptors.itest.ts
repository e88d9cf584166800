import { InterceptingCall, ListenerBuilder, RequesterBuilder, type Interceptor } from '@grpc/grpc-js';
import type { EventLog } from '../event-log.itest.js';
import { adding, chatting, counting, echo, none, type Scenario, type Scenarios } from './scenario.itest.js';

/** Notes everything that passes. */
const observing = (name: string, log: EventLog): Interceptor => {
  return (options, nextCall) =>
    new InterceptingCall(
      nextCall(options),
      new RequesterBuilder()
        .withStart((metadata, _listener, next) => {
          log.written.push(`${name} start`);
          next(
            metadata,
            new ListenerBuilder()
              .withOnReceiveMetadata((received, pass) => {
                log.note(`${name} metadata`);
                pass(received);
              })
              .withOnReceiveMessage((message: unknown, pass: (message: unknown) => void) => {
                log.note(`${name} message ${JSON.stringify(message)}`);
                pass(message);
              })
              .withOnReceiveStatus((status, pass) => {
                log.note(`${name} status ${status.code}`);
                pass(status);
              })
              .build(),
          );
        })
        .withSendMessage((message: unknown, next: (message: unknown) => void) => {
          log.written.push(`${name} send ${JSON.stringify(message)}`);
          next(message);
        })
        .withHalfClose((next) => {
          log.written.push(`${name} half-close`);
          next();
        })
        .build(),
    );
};

const later = (run: () => void): void => void setImmediate(run);

/** Not both: grpc-js half-closes such a call before it sends its message. */
const DELAYS: Readonly<Record<'the start' | 'messages', Interceptor>> = {
  'the start': (options, nextCall) =>
    new InterceptingCall(
      nextCall(options),
      new RequesterBuilder().withStart((metadata, listener, next) => later(() => next(metadata, listener))).build(),
    ),
  messages: (options, nextCall) =>
    new InterceptingCall(
      nextCall(options),
      new RequesterBuilder()
        .withSendMessage((message: unknown, next: (message: unknown) => void) => later(() => next(message)))
        .build(),
    ),
};

const delaying = (what: keyof typeof DELAYS): Scenario => ({
  serve: { Unary: echo, Down: counting, Up: adding, Chat: chatting },
  async run(stub, log) {
    const options = { interceptors: [DELAYS[what]] };
    log.listen(stub.Unary('x', none(), options, log.callback));
    await log.whenOver();
    log.read(stub.Down(2, none(), options));
    await log.whenOver(2);
    log.listen(stub.Up(none(), options, log.callback)).end(5);
    await log.whenOver(3);
    log.read(stub.Chat(none(), options)).end('y');
    await log.whenOver(4);
  },
});

export const INTERCEPTORS: Scenarios = {
  'interceptors of client and call': {
    serve: { Unary: echo, Chat: chatting },
    async run(stub, log) {
      const interceptors = [observing('outer', log), observing('inner', log)];
      log.listen(stub.Unary('x', none(), { interceptors }, log.callback));
      await log.whenOver();
      log.read(stub.Chat(none(), { interceptors })).end('y');
      await log.whenOver(2);
    },
  },
  'an interceptor that delays the start': delaying('the start'),
  'an interceptor that delays messages': delaying('messages'),
};
