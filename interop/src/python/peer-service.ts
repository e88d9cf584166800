import { Code, fail, type Handler, Metadata, type RpcKind, type Status, succeed } from '@breakwater/core';
import type { ServedMethod } from '@breakwater/rpc';
import { method, text } from './methods.js';

/** What `peer.py client` calls. */
export class PeerService {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  private readonly fired = new Map<string, Status>();
  private wake: () => void = () => {};

  constructor() {
    this.methods = new Map([
      serve('Unary', async ({ request, metadata }) => {
        const echoed = Metadata.fromEntries([...metadata].filter(([key]) => key.startsWith('x-')));
        const trailers = Metadata.of({ 'x-trailer': 't', 'x-trailer-bin': Uint8Array.from([0, 255]) });
        return succeed(Buffer.concat([Buffer.from('echo:'), request as Uint8Array]), echoed, trailers);
      }),
      serve('Fail', async () => fail(FAILURE, 'no', Metadata.of({ 'x-trailer': 't' }))),
      serve('Remaining', async ({ deadline, now }) => succeed(String(Math.round(deadline - now)))),
      serve('Hang', this.hang),
      serve(
        'HangStream',
        (call) => {
          void call.responses?.message('first');
          return this.hang(call);
        },
        'server_stream',
      ),
      serve('ServerStream', countTo, 'server_stream'),
      serve('ClientStream', count, 'client_stream'),
      serve('Bidi', chat, 'bidi'),
    ]);
  }

  /** How the hanging call with this request was cancelled, once it was. */
  async cancelled(request: string): Promise<Status> {
    for (;;) {
      const status = this.fired.get(request);
      if (status !== undefined) return status;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private readonly hang: Handler = (call) =>
    new Promise((resolve) =>
      call.cancellation.onCancel((status) => {
        this.fired.set(text(call.request), status);
        this.wake();
        resolve(fail(status));
      }),
    );
}

const FAILURE: Status = {
  code: Code.NOT_FOUND,
  details: 'nöt found, 100 % sure\nsecond line',
  origin: 'handler',
  reason: 'ORDER_UNKNOWN',
  retryAfterMs: 1500,
};

const serve = (name: string, handler: Handler, kind: RpcKind = 'unary'): readonly [string, ServedMethod] => {
  const served = method(name, kind);
  return [served.path, { method: served, handler }];
};

const countTo: Handler = async ({ request, responses }) => {
  for (let one = 0; one < Number(text(request)); one++) await responses?.message(String(one));
  return succeed(undefined);
};

const count: Handler = async ({ requests }) => {
  let messages = 0;
  let bytes = 0;
  for await (const one of requests ?? []) {
    messages += 1;
    bytes += (one as Uint8Array).length;
  }
  return succeed(JSON.stringify([messages, bytes]));
};

const chat: Handler = async ({ requests, responses }) => {
  for await (const one of requests ?? []) await responses?.message(`<${text(one)}>`);
  return succeed(undefined);
};
