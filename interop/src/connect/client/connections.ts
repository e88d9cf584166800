import type { Clock, Runtime } from '@breakwater/core';
import { clientLimits, type Connection, type Transport } from '@breakwater/rpc';
import type { ClientCompatRequest } from '../../gen/connectrpc/conformance/v1/client_compat.pb.js';

const CONNECT_LIMIT_MS = 20_000;

/** One connection for each server and set of options: calls share it, as those of an application do. */
export class Connections {
  private readonly open = new Map<string, Connection>();

  constructor(
    private readonly transport: Transport,
    private readonly runtime: Runtime,
  ) {}

  /** A connection that is ready, or that failed to become so: then calls on it say why. */
  async get(request: ClientCompatRequest): Promise<Connection> {
    const { host, port, serverTlsCert, clientTlsCreds, messageReceiveLimit } = request;
    const certificates = [serverTlsCert, clientTlsCreds?.cert ?? Buffer.alloc(0)].map((pem) => pem.toString('base64'));
    const key = [host, port, messageReceiveLimit, ...certificates].join(' ');
    let connection = this.open.get(key);
    if (connection === undefined) this.open.set(key, (connection = this.connect(request)));
    await settled(connection, this.runtime.clock);
    return connection;
  }

  close(): void {
    for (const connection of this.open.values()) connection.close();
  }

  private connect({ host, port, serverTlsCert, clientTlsCreds, messageReceiveLimit }: ClientCompatRequest): Connection {
    const tls = { ca: serverTlsCert, cert: clientTlsCreds?.cert, key: clientTlsCreds?.key };
    return this.transport.connect(
      { host, port },
      {
        authority: `${host}:${port}`,
        tls: serverTlsCert.length === 0 ? undefined : tls,
        limits: clientLimits(messageReceiveLimit === 0 ? {} : { maxReceiveMessageBytes: messageReceiveLimit }),
        backoff: { initialMs: 50, maxMs: 1000 },
        runtime: this.runtime,
      },
    );
  }
}

/** Waits until a connection is ready or has failed. The timer also keeps the process alive: a connection without calls need not. */
function settled(connection: Connection, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      patience.cancel();
      resolve();
    };
    const look = (): void => {
      if (connection.state === 'idle') connection.connect();
      else if (connection.state !== 'connecting') done();
    };
    const stop = connection.onStateChange(look);
    const patience = clock.setTimer(CONNECT_LIMIT_MS, done);
    look();
  });
}
