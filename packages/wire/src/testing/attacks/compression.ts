import { Code } from '@breakwater/core';
import { continuation, headers, settings } from '../frames.js';
import { requestFields } from '../grpc-bytes.js';
import { indexed, integer, literal, literals, remembered, string, tableSize } from '../literals.js';
import { ECHO } from '../methods.js';
import { call, expectEcho, type Arena } from './arena.js';
import { COMPRESSION_ERROR, expectReaction, type Reaction } from './reaction.js';

const GOOD = literals(requestFields(ECHO.path));
/** The limit of the tests; requests over it are refused one by one. */
const LIMIT = 8 * 1024;
/** Over the limit: the call ends, its connection and the tables of its headers do not. */
const TOO_LARGE: Reaction = {
  http: [431],
  grpc: [Code.RESOURCE_EXHAUSTED],
  reset: ['PROTOCOL_ERROR', 'ENHANCE_YOUR_CALM', 'REFUSED_STREAM', 'CANCEL'],
};
/** Or the end of a peer that goes over it a hundredfold. */
const BOMB: Reaction = { ...TOO_LARGE, goaway: ['ENHANCE_YOUR_CALM', 'PROTOCOL_ERROR', 'COMPRESSION_ERROR'] };

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const after = (block: Uint8Array): Buffer => Buffer.concat([GOOD, block]);

/** Header blocks that no encoder makes. @see RFC 7541 */
const BROKEN: readonly (readonly [string, Uint8Array])[] = [
  ['index 0', after(indexed(0))],
  ['an index beyond both tables', after(indexed(62))],
  ['an index beyond everything', after(indexed(2 ** 31))],
  ['an integer that never ends', after(bytes(0xff, ...Array.from({ length: 100 }, () => 0xff)))],
  ['an integer of 2^35', after(integer(2 ** 35, 7, 0x80))],
  ['an integer that is zero in a hundred bytes', after(bytes(0xff, ...Array.from({ length: 100 }, () => 0x80), 0))],
  ['a block that ends in an integer', after(bytes(0xff))],
  ['a block that ends in a name', after(bytes(0, 10, 0x61))],
  ['a block that ends in front of a value', after(bytes(0, 1, 0x61))],
  ['a value of 2 GiB, announced', after(Buffer.concat([bytes(0, 1, 0x61), integer(2 ** 31 - 1, 7)]))],
  ['a literal whose name is an index to nothing', after(Buffer.concat([integer(99, 4), string('x')]))],
  ['Huffman coding with EOS', after(bytes(0, 1, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff))],
  ['Huffman coding padded with zeros', after(bytes(0, 1, 0x61, 0x81, 0x18))],
  ['Huffman coding with a byte of padding too many', after(bytes(0, 1, 0x61, 0x82, 0x1f, 0xff))],
  ['a table size over what the server has allowed', Buffer.concat([tableSize(4097), GOOD])],
  ['a table size of 2^31', Buffer.concat([tableSize(2 ** 31), GOOD])],
  ['a table size update after the first field', after(tableSize(0))],
];

/** Header compression as a weapon, and lists over the limit. */
export function describeCompression(arena: () => Arena): void {
  beforeEach(() => arena().reopen({ limits: { maxHeaderBytes: LIMIT } }));

  for (const [what, block] of BROKEN) {
    it(what, async () => {
      const attacker = await arena().attacker();
      attacker.send(headers(1, block, { endStream: true }));
      await expectReaction(attacker, 1, COMPRESSION_ERROR);
      await arena().survived();
    });
  }

  it('a header list over the limit, literally', async () => {
    const peer = await arena().attacker();
    const fields = Array.from({ length: 10 }, (_, index) => [`x-${index}`, 'x'.repeat(1000)] as const);
    peer.send(headers(1, literals(requestFields(ECHO.path, fields)), { endStream: true }));
    await expectReaction(peer, 1, TOO_LARGE);
    await arena().survived(peer);
  });

  it('a header list over the limit through many empty fields: each counts 32 bytes', async () => {
    const peer = await arena().attacker();
    const block = Buffer.concat([GOOD, ...Array.from({ length: 300 }, () => literal(['x', '']))]);
    peer.send(headers(1, block, { endStream: true }));
    await expectReaction(peer, 1, TOO_LARGE);
    await arena().survived(peer);
  });

  it('a header list over the limit in CONTINUATION frames, which end', async () => {
    const peer = await arena().attacker();
    const piece = literal(['x-piece', 'x'.repeat(5000)]);
    peer.send(headers(1, GOOD, { endHeaders: false, endStream: true }));
    peer.send(continuation(1, piece, false), continuation(1, piece, false), continuation(1, piece));
    await expectReaction(peer, 1, BOMB);
    await arena().survived(peer);
  });

  it('fields of a list over the limit go into the table all the same: the next block may use them', async () => {
    const peer = await arena().attacker();
    const big = Array.from({ length: 10 }, (_, index) => literal([`x-${index}`, 'x'.repeat(1000)]));
    const block = Buffer.concat([GOOD, remembered(['content-type', 'application/grpc']), ...big]);
    peer.send(headers(1, block, { endStream: true }));
    await peer.until('the end of the call', () =>
      peer.frames.find(({ stream, endStream, type }) => stream === 1 && (endStream || type === 3)),
    );
    const next = Buffer.concat([literals(requestFields(ECHO.path, [], ['content-type'])), indexed(62)]);
    peer.send(headers(3, next), call(3, ECHO, 'echo').subarray(9 + literals(requestFields(ECHO.path)).length));
    await peer.until('the answer', () =>
      peer.frames.find(
        ({ stream, fields }) =>
          stream === 3 && fields?.some(([name, value]) => name === 'grpc-status' && value === '0'),
      ),
    );
    await arena().survived(peer);
  });

  it('a hundred thousand references to an entry of 4 KiB (HPACK bomb)', async () => {
    const attacker = await arena().attacker();
    const entry = remembered(['x', 'x'.repeat(4000)]);
    const references = Buffer.alloc(16_384, indexed(62));
    attacker.send(headers(1, Buffer.concat([GOOD, entry]), { endHeaders: false, endStream: true }));
    for (let frames = 0; frames < 6; frames++) attacker.send(continuation(1, references, frames === 5));
    await expectReaction(attacker, 1, BOMB);
    await arena().survived(attacker);
  });

  it('the same bomb in one frame, call after call', async () => {
    const attacker = await arena().attacker();
    attacker.send(headers(1, Buffer.concat([GOOD, remembered(['x', 'x'.repeat(4000)])]), { endStream: true }));
    const references = Buffer.concat([GOOD, Buffer.alloc(15_000, indexed(62))]);
    await attacker.flood((round) => headers(2 * round + 3, references, { endStream: true }), 200);
    arena().bearable();
    await arena().survived(attacker);
  });

  it('a table that is emptied and filled again in every block', async () => {
    const peer = await arena().attacker();
    for (let stream = 1; stream < 1000; stream += 2) {
      const filling = Array.from({ length: 60 }, (_, index) => remembered([`x-${index}`, String(stream)]));
      peer.send(headers(stream, Buffer.concat([tableSize(0), tableSize(4096), GOOD, ...filling]), { endStream: true }));
      if (stream % 50 === 1) await peer.roundTrip();
    }
    await expectEcho(peer, 1001);
    await arena().survived(peer);
  });

  it('a table size of the peer that goes up and down: the server keeps no more than its own limit', async () => {
    const peer = await arena().attacker();
    let stream = 1;
    for (const size of [0, 2 ** 32 - 1, 4096, 1, 2 ** 31, 0, 65_536]) {
      peer.send(settings(['HEADER_TABLE_SIZE', size]));
      await peer.expectFrame('SETTINGS', ({ ack }) => ack);
      await expectEcho(peer, stream);
      stream += 2;
    }
    await arena().survived(peer);
  });
}
