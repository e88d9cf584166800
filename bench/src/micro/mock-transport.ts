import { type Call, fail, type Handler, Metadata, type Outcome, succeed } from '@breakwater/core';
import type { Connection, Listener, Method, ServedMethod, Transport } from '@breakwater/rpc';

/** A connection that is always there and answers every call at once: what is above it is all that costs. */
const connection = (answer: (method: Method, call: Call) => Outcome): Connection => ({
  state: 'ready',
  error: undefined,
  onStateChange: () => () => {},
  connect: () => {},
  call: (method, call) => Promise.resolve(answer(method, call)),
  drain: async () => {},
  close: () => {},
});

/** The client's far side: every call succeeds with `value`. */
export const answeringTransport = (value: unknown): Transport => {
  const outcome = succeed(value, Metadata.EMPTY, Metadata.EMPTY);
  return {
    name: 'mock',
    connect: () => connection(() => outcome),
    listen: () => Promise.reject(new Error('this transport has no servers')),
  };
};

/** The server's far side: gives away the handlers that a service puts behind its socket. */
export class CapturingTransport implements Transport {
  readonly name = 'mock';
  private methods: ReadonlyMap<string, ServedMethod> = new Map();

  connect(): Connection {
    return connection(() => fail({ code: 12, details: 'this transport has no clients', origin: 'local' }, 'no'));
  }

  async listen(_options: unknown, methods: ReadonlyMap<string, ServedMethod>): Promise<Listener> {
    this.methods = methods;
    return {
      address: { host: '127.0.0.1', port: 1 },
      inFlight: 0,
      drain: async () => {},
      close: async () => {},
    };
  }

  /** @throws Error for a path that is not served */
  served(path: string): { readonly method: Method; readonly handler: Handler } {
    const found = this.methods.get(path);
    if (found === undefined) throw new Error(`nothing is served at ${path}: ${[...this.methods.keys()].join(', ')}`);
    return found;
  }
}
