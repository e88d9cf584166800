import assert from 'node:assert/strict';
import { connect, createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { data, goaway, headers, ping, rstStream, windowUpdate } from './frames.js';
import { FrameReader } from './frame-reader.js';
import { HpackReader } from './hpack-reader.js';
import { huffman } from './huffman-reader.js';
import { indexed, integer, literals, remembered, string, tableSize, type Field } from './literals.js';
import { CODE } from './numbers.js';
import { connectRaw, type RawPeer } from './raw-peer.js';
import { listenRaw } from './raw-server.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What tests with other implementations conclude is worth as much as the tools they use. */
describe('the raw peer', () => {
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  /** node:http2 as the far side. */
  const node = async (onStream: Parameters<Http2Server['on']>[1]): Promise<RawPeer> => {
    const server = createServer();
    server.on('stream', onStream);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const peer = await connectRaw((server.address() as AddressInfo).port);
    opened.push({ close: () => server.close() }, peer);
    return peer;
  };

  it('reads the examples of RFC 7541', () => {
    const plain = new HpackReader();
    assert.deepEqual(plain.read(hex('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')), [
      ['custom-key', 'custom-header'],
    ]);
    assert.deepEqual(plain.read(hex('040c 2f73 616d 706c 652f 7061 7468 be')), [
      [':path', '/sample/path'],
      ['custom-key', 'custom-header'],
    ]);
    const coded = new HpackReader();
    const first = coded.read(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'));
    assert.deepEqual(first.at(-1), [':authority', 'www.example.com']);
    const second = coded.read(hex('8286 84be 5886 a8eb 1064 9cbf'));
    assert.deepEqual(second.slice(-2), [
      [':authority', 'www.example.com'],
      ['cache-control', 'no-cache'],
    ]);
    assert.throws(() => huffman(hex('ff ff ff ff')), /EOS|middle/);
  });

  it('writes integers and tables as its own reader and RFC 7541 have them', () => {
    assert.deepEqual(integer(10, 5), hex('0a'));
    assert.deepEqual(integer(1337, 5), hex('1f9a0a'));
    assert.deepEqual(integer(42, 8), hex('2a'));
    assert.deepEqual(string(Uint8Array.from([0, 255])), hex('0200ff'));
    const block = Buffer.concat([tableSize(100), remembered(['a', 'b']), indexed(62), indexed(2)]);
    assert.deepEqual(new HpackReader().read(block), [
      ['a', 'b'],
      ['a', 'b'],
      [':method', 'GET'],
    ]);
  });

  it('understands everything that node:http2 says, whatever bytes the headers hold', async () => {
    const every = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    const peer = await node((stream) => {
      stream.respond({ ':status': 200, every, again: every, big: 'x'.repeat(20_000) }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ done: 'yes' }));
      stream.end('content');
    });
    await peer.handshake();
    for (const stream of [1, 3]) {
      const fields: Field[] = [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/'],
        [':authority', 'test'],
      ];
      peer.send(headers(stream, literals(fields), { endStream: true, padding: 7 }));
      const { headers: got, content, trailers, reset } = await peer.response(stream);
      assert.equal(got.get(':status'), '200');
      assert.equal(got.get('every'), every);
      assert.equal(got.get('big')?.length, 20_000);
      assert.equal(content.toString(), 'content');
      assert.equal(trailers.get('done'), 'yes');
      assert.equal(reset, undefined);
    }
    await peer.roundTrip();
  });

  it('is understood by node:http2 as a server: response, reset, GOAWAY', async () => {
    const server = await listenRaw(async (peer) => {
      await peer.handshake([['MAX_CONCURRENT_STREAMS', 7]]);
      const { stream, fields } = await peer.expectFrame('HEADERS');
      assert.ok(fields?.some(([name, value]) => name === ':path' && value === '/first'));
      peer.send(headers(stream, literals([[':status', '200']])), data(stream, Buffer.from('hello'), { padding: 3 }));
      peer.send(windowUpdate(stream, 5), headers(stream, literals([['done', 'yes']]), { endStream: true }));
      const second = await peer.expectFrame('HEADERS');
      peer.send(rstStream(second.stream, 'REFUSED_STREAM'), ping(Buffer.from('12345678')));
      await peer.expectFrame('PING', ({ ack, payload }) => ack && payload.toString() === '12345678');
      peer.send(goaway(3, 'NO_ERROR', 'enough'));
    });
    opened.push(server);
    const session = connect(`http://127.0.0.1:${server.port}`);
    opened.push(session);
    const first = session.request({ ':path': '/first' });
    let said = '';
    const trailers = new Promise((resolve) => first.on('trailers', resolve));
    for await (const chunk of first.setEncoding('utf8')) said += chunk as string;
    assert.equal(said, 'hello');
    assert.equal(((await trailers) as { done?: string }).done, 'yes');
    assert.equal(session.remoteSettings.maxConcurrentStreams, 7);
    const second = session.request({ ':path': '/second' });
    const gone = new Promise((resolve) => session.on('goaway', (...said) => resolve(said)));
    await assert.rejects(new Promise((_, reject) => second.on('error', reject)), /REFUSED_STREAM/);
    const [code, lastStream, debug] = (await gone) as [number, number, Buffer];
    assert.deepEqual([code, lastStream, debug.toString()], [CODE.NO_ERROR, 3, 'enough']);
  });

  it('says what came when what it expects does not', async () => {
    const server = await listenRaw((peer) => peer.handshake());
    opened.push(server);
    const peer = await connectRaw(server.port, { limitMs: 50 });
    opened.push(peer);
    await peer.handshake();
    await assert.rejects(peer.expectFrame('GOAWAY'), /no GOAWAY came within 50 ms\nThe connection is open/);
    server.peers[0]?.send(ping());
    await peer.expectFrame('PING');
    server.peers[0]?.close();
    await assert.rejects(peer.expectFrame('PING'), /no PING came before the end[^]*PING/);
    await peer.expectClosed();
  });

  it('cuts frames wherever the pieces end', () => {
    const bytes = Buffer.concat([ping(), data(1, Buffer.from('abc')), goaway(1)]);
    for (let at = 0; at <= bytes.length; at++) {
      const reader = new FrameReader();
      const frames = [...reader.push(bytes.subarray(0, at)), ...reader.push(bytes.subarray(at))];
      assert.deepEqual(
        frames.map(({ type }) => type),
        [6, 0, 7],
      );
    }
  });
});
