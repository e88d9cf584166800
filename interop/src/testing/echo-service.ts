import { Code, fail, type Handler, Metadata, type RpcKind, type Status, succeed } from '@breakwater/core';
import type { Method, ServedMethod } from '@breakwater/rpc';

const SERVICE = 'interop.v1.Echo';

/** A method of the service that all peers here meet. Messages are texts, as UTF-8 without any envelope. */
function method(name: string, kind: RpcKind = 'unary'): Method {
  const encode = (message: unknown): Uint8Array => Buffer.from(message as string);
  const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return {
    key: name.toLowerCase(),
    path: `/${SERVICE}/${name}`,
    service: SERVICE,
    method: name,
    kind,
    idempotency: 'unknown',
    encodeRequest: encode,
    decodeRequest: decode,
    encodeResponse: encode,
    decodeResponse: decode,
  };
}

/** `echo:` and the request; its metadata whose keys begin with `x-` as headers, and `TRAILERS`. */
export const UNARY = method('Unary');
/** NOT_FOUND with `FAIL_DETAILS`, reason ORDER_UNKNOWN, and `TRAILERS`. */
export const FAIL = method('Fail');
/** Milliseconds that the server has left. */
export const REMAINING = method('Remaining');
/** Answers when it is no longer wanted. */
export const HANG = method('Hang');
/** Sends one message, then the same. */
export const HANG_STREAM = method('HangStream', 'server_stream');
/** As many messages as the request says. */
export const COUNT = method('Count', 'server_stream');
/** Number of messages and their characters, such as `3 of 12`. */
export const TOTAL = method('Total', 'client_stream');
/** Every message in angle brackets, each before the next is asked for. */
export const CHAT = method('Chat', 'bidi');
/** Not served. */
export const UNKNOWN = method('Unknown');

export const FAIL_DETAILS = 'nöt found, 100 % sure\nsecond line';
export const TRAILERS = Metadata.of({ 'x-trailer': 't', 'x-trailer-bin': Uint8Array.from([0, 255]) });

/** Answers the methods above, and remembers how the calls ended that were cancelled. */
export class EchoService {
  private readonly ends: Status[] = [];
  private wake: () => void = () => {};
  readonly methods: ReadonlyMap<string, ServedMethod>;

  constructor() {
    const handlers: readonly (readonly [Method, Handler])[] = [
      [
        UNARY,
        async ({ request, metadata }) => {
          const echoed = Metadata.fromEntries([...metadata].filter(([key]) => key.startsWith('x-echo')));
          return succeed(`echo:${String(request)}`, echoed, TRAILERS);
        },
      ],
      [
        FAIL,
        async () =>
          fail(
            { code: Code.NOT_FOUND, details: FAIL_DETAILS, origin: 'handler', reason: 'ORDER_UNKNOWN' },
            'no',
            TRAILERS,
          ),
      ],
      [REMAINING, async ({ deadline, now }) => succeed(String(Math.round(deadline - now)))],
      [HANG, this.hang],
      [
        HANG_STREAM,
        (call) => {
          void call.responses?.message('first');
          return this.hang(call);
        },
      ],
      [
        COUNT,
        async ({ request, responses }) => {
          for (let one = 0; one < Number(request); one++) await responses?.message(String(one));
          return succeed(undefined);
        },
      ],
      [
        TOTAL,
        async ({ requests }) => {
          let count = 0;
          let size = 0;
          for await (const one of requests ?? []) {
            count += 1;
            size += (one as string).length;
          }
          return succeed(`${count} of ${size}`);
        },
      ],
      [
        CHAT,
        async ({ requests, responses }) => {
          for await (const one of requests ?? []) await responses?.message(`<${String(one)}>`);
          return succeed(undefined);
        },
      ],
    ];
    this.methods = new Map(handlers.map(([one, handler]) => [one.path, { method: one, handler }]));
  }

  /** Why the next hanging call ended that nobody has asked about. */
  async ended(): Promise<Status> {
    for (;;) {
      const status = this.ends.shift();
      if (status !== undefined) return status;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private readonly hang: Handler = (call) =>
    new Promise((resolve) =>
      call.cancellation.onCancel((status) => {
        this.ends.push(status);
        this.wake();
        resolve(fail(status));
      }),
    );
}
