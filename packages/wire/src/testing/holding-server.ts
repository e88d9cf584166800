import { data, headers, settings, settingsAck } from './frames.js';
import { message, OK_TRAILERS, responseFields } from './grpc-bytes.js';
import { literals } from './literals.js';
import type { RawPeer } from './raw-peer.js';
import { listenRaw, type RawServer } from './raw-server.js';

/** A call that waits for its answer. */
export interface HeldCall {
  readonly peer: RawPeer;
  readonly stream: number;
}

export interface HoldingOptions {
  /** MAX_CONCURRENT_STREAMS of each connection; default: not said. */
  readonly limit?: number;
  /** Which connections are taken; the others are closed at once. @param index from 0 */
  readonly takes?: (index: number) => boolean;
  /** What a connection waits for before it hears the first word. @param index from 0 */
  readonly greets?: (index: number) => Promise<void> | undefined;
}

/** A server that answers no call before it is told to. */
export class HoldingServer {
  private constructor(
    private readonly server: RawServer,
    /** In order of arrival. */
    readonly held: HeldCall[],
  ) {}

  static async listen({ limit, takes = () => true, greets }: HoldingOptions = {}): Promise<HoldingServer> {
    const held: HeldCall[] = [];
    const server = await listenRaw(async (peer, index) => {
      if (!takes(index)) return peer.close();
      await greets?.(index);
      peer.send(limit === undefined ? settings() : settings(['MAX_CONCURRENT_STREAMS', limit]), settingsAck());
      for (;;) {
        const { stream } = await peer.expectFrame('HEADERS');
        held.push({ peer, stream });
      }
    });
    return new HoldingServer(server, held);
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.server.port };
  }

  /** All connections that have come, in order. */
  get peers(): readonly RawPeer[] {
    return this.server.peers;
  }

  /** Connections that are open. */
  get open(): number {
    return this.server.peers.filter((peer) => !peer.ended).length;
  }

  /** Answers the oldest calls. */
  answer(count = this.held.length): void {
    for (const call of this.held.splice(0, count)) this.answerOne(call);
  }

  answerOne({ peer, stream }: HeldCall): void {
    peer.send(
      headers(stream, literals(responseFields())),
      data(stream, message('"answered"')),
      headers(stream, literals(OK_TRAILERS), { endStream: true }),
    );
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
