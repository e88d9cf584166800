import { HpackDecoder } from '../hpack-decoder.js';
import { HpackEncoder } from '../hpack-encoder.js';
import { BufferSink } from './buffer-sink.js';
import { collect } from './collect.js';

/** An encoder, and a decoder that gets all its blocks. */
export class Line {
  readonly encoder = new HpackEncoder();
  readonly decoder = new HpackDecoder();
  private readonly sink = new BufferSink();

  /** Encodes a block without sending it. */
  encode(write: (encoder: HpackEncoder, sink: BufferSink) => void): Buffer {
    this.encoder.begin(this.sink);
    write(this.encoder, this.sink);
    return this.sink.take();
  }

  /** Sends a block. `fields` are what came out: `name: value`, behind `#` when indexed and `!` when sensitive. */
  send(write: (encoder: HpackEncoder, sink: BufferSink) => void): { readonly hex: string; readonly fields: string[] } {
    const block = this.encode(write);
    const fields = collect(this.decoder, block).map(
      ({ name, value, indexed, sensitive }) => `${indexed ? '#' : ''}${sensitive ? '!' : ''}${name}: ${value}`,
    );
    return { hex: block.toString('hex'), fields };
  }
}
