import { GrowingSink } from './growing-sink.js';
import { SinkWriter } from './wire/sink-writer.js';
import { WindowReader } from './wire/window-reader.js';

/**
 * One writer, one reader and one sink serve all codecs. Who takes one leaves the place empty, so that a message that encodes
 * another while it is encoded gets a new one; who is done puts his own there.
 */
let idleWriter: SinkWriter | undefined;
let idleReader: WindowReader | undefined;
let idleSink: GrowingSink | undefined;

/** A sink that had to grow beyond is not kept: one large message would cost its memory for ever. */
const KEPT_BYTES = 1024 * 1024;

export function takeWriter(): SinkWriter {
  const writer = idleWriter ?? new SinkWriter();
  idleWriter = undefined;
  return writer;
}

export function giveBackWriter(writer: SinkWriter): void {
  writer.detach();
  idleWriter = writer;
}

export function takeReader(): WindowReader {
  const reader = idleReader ?? new WindowReader();
  idleReader = undefined;
  return reader;
}

export function giveBackReader(reader: WindowReader): void {
  reader.detach();
  idleReader = reader;
}

export function takeSink(): GrowingSink {
  const sink = idleSink ?? new GrowingSink();
  idleSink = undefined;
  return sink;
}

export function giveBackSink(sink: GrowingSink): void {
  if (sink.bytes.length > KEPT_BYTES) return;
  sink.pos = 0;
  idleSink = sink;
}
