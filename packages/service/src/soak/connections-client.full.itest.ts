import { createRuntime } from '@breakwater/core';
import { clientLimits, type Connection } from '@breakwater/rpc';
import { certificates, Fixture, reached, UNARY } from '@breakwater/rpc/conformance';
import { wireTransport } from '@breakwater/wire';
import type { Ports } from './connections-server.full.itest.js';
import { isMain, obey } from './in-child.full.itest.js';
import { leaveBadly } from './raw-clients.full.itest.js';

/** One way in which connections come and go. */
export interface Cycles {
  readonly how: keyof typeof WAYS;
  readonly count: number;
}

const WORKERS = 16;
const runtime = createRuntime();
const transport = wireTransport();
const fixture = new Fixture(transport, runtime);

function connectTo(port: number, tls = false): Connection {
  const connection = transport.connect(
    { host: '127.0.0.1', port },
    {
      authority: 'conformance',
      limits: clientLimits(),
      // Nothing is connected a second time.
      backoff: { initialMs: 60_000, maxMs: 60_000 },
      runtime,
      tls: tls ? { ca: certificates.CA } : undefined,
    },
  );
  connection.connect();
  return connection;
}

async function callOn(connection: Connection, request: number): Promise<void> {
  const outcome = await connection.call(UNARY, fixture.call(UNARY, { request }));
  if (!outcome.ok || outcome.value !== request) throw new Error(`a call went wrong: ${JSON.stringify(outcome)}`);
}

/** @param turn every other connection carries a call; one in eight is closed before it is there */
async function comeAndGo(port: number, tls: boolean, turn: number): Promise<void> {
  const connection = connectTo(port, tls);
  if (turn % 8 !== 7) await reached(connection, 'ready');
  if (turn % 2 === 0) await callOn(connection, turn);
  connection.close();
}

async function comeAndDrain(port: number, turn: number): Promise<void> {
  const connection = connectTo(port);
  await reached(connection, 'ready');
  const calls = [callOn(connection, turn), callOn(connection, turn + 1)];
  await connection.drain(10_000);
  await Promise.all(calls);
}

async function meetAStranger(port: number): Promise<void> {
  const connection = connectTo(port);
  await reached(connection, 'failed');
  connection.close();
}

const WAYS = {
  'closed by the client': (ports: Ports, turn: number) => comeAndGo(ports.plain, false, turn),
  'closed by the client, with TLS': (ports: Ports, turn: number) => comeAndGo(ports.tls, true, turn),
  'drained by the client': (ports: Ports, turn: number) => comeAndDrain(ports.plain, turn),
  'reset, half-open or broken by the client': (ports: Ports, turn: number) =>
    leaveBadly(ports.impatient, UNARY.path, turn),
  'reset, closed or broken by the server': (ports: Ports) => meetAStranger(ports.stranger),
};

// The near side of connections that come and go. Does nothing when mocha loads it.
if (isMain(import.meta.url)) {
  let ports: Ports;
  let turn = 0;
  let held: Connection[] = [];
  obey({
    open: (to) => {
      ports = to as Ports;
    },
    cycles: async (argument) => {
      const { how, count } = argument as Cycles;
      let begun = 0;
      const work = async (): Promise<void> => {
        while (begun < count) {
          begun += 1;
          turn += 1;
          await WAYS[how](ports, turn);
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, work));
    },
    // Connections that stay until the server ends them, or `release`.
    hold: async (argument) => {
      const { port, count, tls } = argument as { port: number; count: number; tls: boolean };
      for (let done = 0; done < count; done += WORKERS) {
        const some = Array.from({ length: Math.min(WORKERS, count - done) }, () => connectTo(port, tls));
        held.push(...some);
        await Promise.all(some.map((connection) => reached(connection, 'ready')));
      }
      const called = held.slice(-count).filter((_connection, index) => index % 2 === 0);
      await Promise.all(called.map((connection, index) => callOn(connection, index)));
    },
    // The server has ended them.
    lost: () => Promise.all(held.map((connection) => reached(connection, 'failed'))).then(() => held.length),
    release: () => {
      for (const connection of held) connection.close();
      held = [];
    },
  });
}
