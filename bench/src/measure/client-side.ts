import type { PingPong, RunningClient } from '../contenders/contender.js';
import type { Load } from '../loads/load.js';
import { runSlice, type SliceResult } from './slice.js';
import { type Workers, workersOf } from './steps.js';

/** Connections that are being made at a time: more would only fill the server's backlog. */
const AT_A_TIME = 50;

/** The client process of a pair: its connections, and the workers on them. */
export class ClientSide {
  private readonly streams: PingPong[] = [];
  private workers: Workers | undefined;

  private constructor(
    private readonly load: Load,
    private readonly connect: () => Promise<RunningClient>,
    private readonly clients: RunningClient[],
  ) {}

  /** Opens the load's connections and calls once on each, so that nothing is left to be made. */
  static async start(load: Load, connect: () => Promise<RunningClient>): Promise<ClientSide> {
    const side = new ClientSide(load, connect, []);
    await side.open(load.connections, 0);
    return side;
  }

  /** One slice of the load. */
  slice(sliceMs: number): Promise<SliceResult> {
    this.workers ??= workersOf(this.load, this.clients);
    return runSlice(this.workers.steps, sliceMs);
  }

  /** More connections, called once each, and silent streams on each of them. */
  async open(connections: number, streamsPerConnection: number): Promise<void> {
    for (let made = 0; made < connections; made += AT_A_TIME)
      await Promise.all(Array.from({ length: Math.min(AT_A_TIME, connections - made) }, () => this.openOne()));
    if (streamsPerConnection === 0) return;
    for (const client of this.clients.slice(-connections)) {
      await Promise.all(Array.from({ length: streamsPerConnection }, () => this.openStream(client)));
    }
  }

  async close(): Promise<void> {
    await this.workers?.close();
    await Promise.all(this.streams.map((stream) => stream.close()));
    await Promise.all(this.clients.map((client) => client.close()));
  }

  private async openStream(client: RunningClient): Promise<void> {
    const stream = client.bidi?.();
    if (stream === undefined) throw new Error('the client has no bidirectional streams');
    this.streams.push(stream);
    await stream.exchange();
  }

  private async openOne(): Promise<void> {
    const client = await this.connect();
    this.clients.push(client);
    await client.unary();
  }
}
