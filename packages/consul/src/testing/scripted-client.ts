import type { Clock } from '@breakwater/core';
import type Consul from 'consul';
import { parseConsulAddress } from '../client/consul-address.js';
import type { CallContext, ConsulAnswer, ConsulSender, PendingAnswer, SendOptions } from '../client/consul-client.js';
import { ConsulError } from '../client/consul-error.js';

/** A request that the test answers. */
export interface HeldRequest {
  /** `health.service`, `agent.check.pass`, ... */
  readonly operation: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly options: SendOptions;
  /** When it was sent, on the clock. */
  readonly at: number;
  /** Whether its owner ended it. */
  readonly cancelled: boolean;
  reply(body?: unknown, headers?: Readonly<Record<string, string>>): void;
  fail(error: ConsulError): void;
}

/** Lets a test be the agent: every request is held until the test answers it. Keeps time limits on the given clock. */
export class ScriptedClient implements ConsulSender {
  readonly address = parseConsulAddress('address', 'http://127.0.0.1:8500');
  readonly requests: HeldRequest[] = [];
  /** Answers requests as they come, when set. */
  auto: ((request: HeldRequest) => void) | undefined;

  constructor(private readonly clock: Clock) {}

  get last(): HeldRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('nothing was sent');
    return request;
  }

  send(operation: (api: Consul, ctx: CallContext) => Promise<unknown>, options: SendOptions): PendingAnswer {
    let cancel: () => void = () => {};
    const answer = new Promise<ConsulAnswer>((resolve, reject) => {
      const timer = this.clock.setTimer(options.timeoutMs, () =>
        end(new ConsulError('timeout', `no answer in ${options.timeoutMs} ms`)),
      );
      const end = (error: ConsulError): void => {
        timer.cancel();
        held.cancelled = true;
        reject(error);
      };
      cancel = () => end(new ConsulError('cancelled', 'the request was cancelled'));
      const held = {
        ...record(operation),
        options,
        at: this.clock.now(),
        cancelled: false,
        reply: (body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
          timer.cancel();
          resolve({ body, headers });
        },
        fail: (error: ConsulError) => {
          timer.cancel();
          reject(error);
        },
      };
      this.requests.push(held);
      this.auto?.(held);
    });
    return { answer, cancel };
  }
}

/** Runs the operation against an API that only notes what was called. */
function record(
  operation: (api: Consul, ctx: CallContext) => Promise<unknown>,
): Pick<HeldRequest, 'operation' | 'parameters'> {
  let noted: Pick<HeldRequest, 'operation' | 'parameters'> | undefined;
  const api = (path: string): object =>
    new Proxy(() => {}, {
      get: (_target, name) => api(path === '' ? String(name) : `${path}.${String(name)}`),
      apply: (_target, _this, [{ ctx: _ctx, ...parameters }]: [Record<string, unknown>]) => {
        noted = { operation: path, parameters };
        return Promise.resolve();
      },
    });
  // The cast makes the recorder pass for the client it stands in for.
  void operation(api('') as Consul, {} as CallContext);
  if (noted === undefined) throw new Error('the operation called nothing');
  return noted;
}
