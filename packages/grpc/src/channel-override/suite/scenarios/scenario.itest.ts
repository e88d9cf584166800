import { Metadata } from '@grpc/grpc-js';
import { Code, fail, Metadata as OwnMetadata, succeed, type Call, type Outcome } from '@breakwater/core';
import type { AppClient } from '../../../interceptor/plain-app.itest.js';
import type { EventLog } from '../event-log.itest.js';
import { send, type Handlers } from '../world.itest.js';

/** What an application does with a stub: to be done once on a channel of grpc-js and once on ours. */
export interface Scenario {
  readonly serve: Handlers;
  /** Settles when everything has been told. */
  run(stub: AppClient, log: EventLog): Promise<void>;
}

export type Scenarios = Readonly<Record<string, Scenario>>;

export const none = (): Metadata => new Metadata();

export const headers = OwnMetadata.of({ 'x-h': '1', 'x-h-bin': [Uint8Array.from([1]), Uint8Array.from([2, 254])] });
export const trailers = OwnMetadata.of({ 'x-t': '2', 'x-t-bin': Uint8Array.from([7]) });

/** A failure with trailers. */
export const refused = (details: string, code = Code.NOT_FOUND): Outcome => ({
  ...fail({ code, details, origin: 'handler' }, 'unknown'),
  trailers: OwnMetadata.of({ 'x-t': '1', 'x-t-bin': Uint8Array.from([0, 255]) }),
});
/** Until the call is not wanted any more. */
export const forever = (call: Call): Promise<Outcome> =>
  new Promise((resolve) => call.cancellation.onCancel((why) => resolve(fail(why))));

/** Answers with the request. */
export const echo = async (call: Call): Promise<Outcome> => succeed(call.request);
/** The sum of the requests. */
export const adding = async (call: Call): Promise<Outcome> => {
  let sum = 0;
  for await (const one of call.requests ?? []) sum += one as number;
  return succeed(sum, headers, trailers);
};
/** As many numbers as the request says. */
export const counting = async (call: Call): Promise<Outcome> => {
  call.responses?.headers(headers);
  await send(call, ...Array.from({ length: call.request as number }, (_, index) => index));
  return succeed(undefined, OwnMetadata.EMPTY, trailers);
};
/** Every request, as a response. */
export const chatting = async (call: Call): Promise<Outcome> => {
  for await (const one of call.requests ?? []) await send(call, [one]);
  return succeed(undefined, OwnMetadata.EMPTY, trailers);
};
