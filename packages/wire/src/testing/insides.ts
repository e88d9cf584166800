import assert from 'node:assert/strict';
import type { Connection, Listener } from '@breakwater/rpc';
import { WireConnection } from '../client/connection.js';
import { WireListener } from '../server/listener.js';

/** What a connection and a listener hold; all of it is zero when no call is in flight. */
export type Insides = Readonly<Record<string, number>>;

const NOTHING: Insides = {
  clientCalls: 0,
  clientDeadlines: 0,
  clientStreams: 0,
  clientBytes: 0,
  waitingCalls: 0,
  serverCalls: 0,
  serverDeadlines: 0,
  serverStreams: 0,
  serverBytes: 0,
  budgetBytes: 0,
  starvedSessions: 0,
};

/** Looks into both sides, past what the seam shows. */
export function insides(connection: Connection, listener: Listener): Insides {
  assert.ok(connection instanceof WireConnection && listener instanceof WireListener);
  const clients = [...connection['open'].keys()];
  const servers = [...listener['sessions'].keys()];
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    clientCalls: connection['calls'].length,
    clientDeadlines: connection.wheel.size,
    clientStreams: sum(clients.map(({ load }) => load)),
    clientBytes: sum(clients.map(({ bufferedBytes }) => bufferedBytes)),
    waitingCalls: connection['waiting'].size,
    serverCalls: listener.inFlight,
    serverDeadlines: listener.wheel.size,
    serverStreams: sum(servers.map(({ load }) => load)),
    serverBytes: sum(servers.map(({ bufferedBytes }) => bufferedBytes)),
    budgetBytes: listener['budget'].used,
    starvedSessions: listener['budget']['starved'].size,
  };
}

/** Both sides let go of everything before long. */
export async function expectNothingInside(
  connection: Connection,
  listener: Listener,
  pause: () => Promise<void>,
): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    if (Object.values(insides(connection, listener)).every((count) => count === 0)) return;
    await pause();
  }
  assert.deepEqual(insides(connection, listener), NOTHING);
}
