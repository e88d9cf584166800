import type { PingPong, RunningClient } from '../contenders/contender.js';
import type { Load } from '../loads/load.js';

/** What one worker does over and over; gives how many units of the load it did. */
export type Step = () => Promise<number>;

/** Messages of a response stream before the next one is opened. */
const STREAM_MESSAGES = 2000;

/** The workers of a load, spread over its clients, and how to end what they hold open. */
export interface Workers {
  readonly steps: readonly Step[];
  close(): Promise<void>;
}

/** @throws Error when the client cannot do what the load asks for: the contender's abilities promise too much */
export function workersOf(load: Load, clients: readonly RunningClient[]): Workers {
  const open: PingPong[] = [];
  const steps = Array.from({ length: load.inFlight }, (_, index): Step => {
    const client = clients[index % clients.length];
    if (client === undefined) throw new Error('a load without clients');
    return stepOf(load, client, open);
  });
  return {
    steps,
    close: async () => {
      await Promise.all(open.map((stream) => stream.close()));
    },
  };
}

function stepOf(load: Load, client: RunningClient, open: PingPong[]): Step {
  switch (load.kind) {
    case 'unary':
      return async () => {
        await client.unary();
        return 1;
      };
    case 'payload':
      return payloadStep(load.payloadBytes, client);
    case 'server-stream':
      return async () => {
        const count = await required(client.serverStream, load).call(client, STREAM_MESSAGES);
        return exactly(count, STREAM_MESSAGES, 'messages');
      };
    case 'bidi': {
      const stream = required(client.bidi, load).call(client);
      open.push(stream);
      return async () => {
        await stream.exchange();
        return 1;
      };
    }
  }
}

function payloadStep(size: number, client: RunningClient): Step {
  const data = Buffer.alloc(size, 'breakwater');
  return async () => {
    exactly((await client.payload?.(data)) ?? -1, size, 'bytes');
    return 1;
  };
}

function required<T>(method: T | undefined, load: Load): T {
  if (method === undefined) throw new Error(`the client has no method for the load "${load.name}"`);
  return method;
}

function exactly(got: number, wanted: number, what: string): number {
  if (got !== wanted) throw new Error(`${got} ${what} came back, not ${wanted}`);
  return got;
}
