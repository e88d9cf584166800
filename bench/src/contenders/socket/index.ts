import type { Sides } from '../contender.js';
import { bareClient } from './bare-client.js';
import { bareServer } from './bare-server.js';
import { type Messages, rawBytes, sameCodec } from './messages.js';

const sides = (messages: () => Messages): Sides => ({
  serve: (setup) => bareServer(messages(), setup),
  connect: (port, setup) => bareClient(messages(), port, setup),
});

/** The limit: what it costs to move the bytes with one write per tick, and nothing else. */
export const socketRaw = sides(rawBytes);

/** The limit with the codec, which no transport can do without. */
export const socketCodec = sides(sameCodec);
