import assert from 'node:assert/strict';
import { HeaderField } from './header-field.js';
import { HeaderGroup } from './header-group.js';
import { BufferSink } from './testing/buffer-sink.js';
import { Line } from './testing/line.js';

const post = new HeaderField(':method', 'POST');
const path = new HeaderField(':path', '/a.B/C');
const trailers = new HeaderField('te', 'trailers');
/** An entry of so many bytes. */
const sized = (name: string, bytes: number): HeaderField => new HeaderField(name, '~'.repeat(bytes - 32 - name.length));

describe('HpackEncoder', () => {
  it('sends a recurring field as text once, and as one byte from then on', () => {
    const line = new Line();
    const block = () => line.send((encoder, sink) => [post, path, trailers].forEach((one) => encoder.field(one, sink)));
    assert.deepEqual(block(), {
      hex: '83' + '4485606bdd62f7' + '40027465' + '864d833505b11f',
      fields: ['#:method: POST', ':path: /a.B/C', 'te: trailers'],
    });
    assert.deepEqual(block(), { hex: '83bfbe', fields: ['#:method: POST', '#:path: /a.B/C', '#te: trailers'] });
  });

  it('knows a field again by name and value', () => {
    const line = new Line();
    line.send((encoder, sink) => encoder.field(path, sink));
    assert.equal(line.send((encoder, sink) => encoder.field(new HeaderField(':path', '/a.B/C'), sink)).hex, 'be');
    assert.equal(line.send((encoder, sink) => encoder.field(new HeaderField(':status', '404'), sink)).hex, '8d');
  });

  it('evicts nothing for a field: what comes when the table is full goes as text, each time', () => {
    const line = new Line();
    const fill = [sized('a', 2000), sized('b', 2000), sized('c', 97)];
    const send = () => line.send((encoder, sink) => fill.forEach((one) => encoder.field(one, sink))).fields;
    send();
    assert.deepEqual(
      send().map((text) => text.slice(0, 4)),
      ['#a: ', '#b: ', 'c: ~'],
    );
    line.send((encoder, sink) => encoder.field(sized('d', 96), sink));
    assert.equal(line.send((encoder, sink) => encoder.field(sized('d', 96), sink)).hex, 'be');
    assert.deepEqual(send().length, 3);
  });

  it('sends a group as its fields would go, and a copy of that when nothing has changed', () => {
    const line = new Line();
    const group = new HeaderGroup([post, path, trailers]);
    const send = () => line.send((encoder, sink) => encoder.group(group, sink));
    const { hex } = send();
    const alone = new Line().send((encoder, sink) => group.fields.forEach((one) => encoder.field(one, sink)));
    assert.equal(hex, alone.hex);
    for (let i = 0; i < 3; i++) assert.equal(send().hex, '83bfbe');
    line.send((encoder, sink) => encoder.field(new HeaderField('x', 'y'), sink));
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(send(), { hex: '83c0bf', fields: ['#:method: POST', '#:path: /a.B/C', '#te: trailers'] });
    }
  });

  it('writes a group behind what is in the sink already, also when the sink has to grow for it', () => {
    const { encoder } = new Line();
    const group = new HeaderGroup([post, path, trailers]);
    for (let i = 0; i < 3; i++) {
      const sink = new BufferSink();
      sink.reserve(2);
      sink.bytes.write('ab');
      sink.pos = 2;
      encoder.group(group, sink);
      if (i > 0) assert.equal(sink.take().toString('hex'), '616283bfbe');
    }
  });

  it('keeps the bytes of a group by itself: the sink may write over its own', () => {
    const { encoder } = new Line();
    const group = new HeaderGroup([post, path, trailers]);
    const sink = new BufferSink();
    for (let i = 0; i < 4; i++) {
      sink.bytes.fill(0);
      sink.pos = 0;
      encoder.group(group, sink);
      if (i > 0) assert.equal(sink.bytes.toString('hex', 0, sink.pos), '83bfbe');
    }
  });

  it('does not mix up groups, however many there are, nor those of two connections', () => {
    const lines = [new Line(), new Line()];
    const groups = Array.from({ length: 300 }, (_, i) => new HeaderGroup([new HeaderField('n', `${i % 150}`)]));
    for (let round = 0; round < 3; round++) {
      for (const [i, group] of groups.entries()) {
        const line = lines[(i + (i >> 4)) & 1];
        assert.match(
          line?.send((encoder, sink) => encoder.group(group, sink)).fields[0] ?? '',
          new RegExp(`n: ${i % 150}$`),
        );
      }
    }
  });

  it('sends groups too long to be kept', () => {
    const line = new Line();
    const group = new HeaderGroup([sized('a', 5000), sized('b', 300), sized('c', 5000)]);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(
        line.send((encoder, sink) => encoder.group(group, sink)).fields.map((text) => text.slice(0, 2)),
        i === 0 ? ['a:', 'b:', 'c:'] : ['a:', '#b', 'c:'],
      );
    }
  });

  it('learns the name of a changing value with the first, and sends later values as they are', () => {
    const line = new Line();
    const send = (value: string) => line.send((encoder, sink) => encoder.literal('grpc-timeout', value, sink));
    assert.deepEqual(send('100m').fields, ['grpc-timeout: 100m']);
    assert.deepEqual(send('200m'), {
      hex: `0f2f04${Buffer.from('200m').toString('hex')}`,
      fields: ['grpc-timeout: 200m'],
    });
    // The value that it was learned with is no exception.
    assert.deepEqual(send('100m').hex, `0f2f04${Buffer.from('100m').toString('hex')}`);
  });

  it('takes names of the static table from there, and puts nothing into its own for them', () => {
    const line = new Line();
    assert.equal(line.send((encoder, sink) => encoder.literal(':path', '/x', sink)).hex, '04022f78');
    assert.equal(line.send((encoder, sink) => encoder.literal('location', 'x', sink)).hex, '0f1f0178');
    assert.equal(line.send((encoder, sink) => encoder.field(trailers, sink)).fields[0], 'te: trailers');
    assert.equal(line.send((encoder, sink) => encoder.field(trailers, sink)).hex, 'be');
  });

  it('takes the name for a changing value from a recurring field, and the other way round', () => {
    const line = new Line();
    line.send((encoder, sink) => encoder.field(new HeaderField('x-a', '1'), sink));
    assert.equal(line.send((encoder, sink) => encoder.literal('x-a', '2', sink)).hex, '0f2f0132');
    line.send((encoder, sink) => encoder.literal('x-b', '1', sink));
    assert.equal(line.send((encoder, sink) => encoder.field(new HeaderField('x-b', '1'), sink)).hex, 'be');
    assert.equal(line.send((encoder, sink) => encoder.field(new HeaderField('x-b', '2'), sink)).hex, '7e0132');
  });

  it('learns names in a quarter of its table only, and none with a long value: the rest is for what recurs', () => {
    const line = new Line();
    const long = '~'.repeat(200);
    const send = (name: string, value: string) => line.send((encoder, sink) => encoder.literal(name, value, sink)).hex;
    assert.equal(send('x-long', long), send('x-long', long));
    // 64 bytes each: 16 of them are a quarter.
    for (let i = 100; i < 120; i++) send(`name-${i}`, '~'.repeat(24));
    assert.equal(send('name-115', '').length, 6);
    assert.equal(send('name-116', ''), `0008${Buffer.from('name-116').toString('hex')}00`);
    line.send((encoder, sink) => encoder.field(path, sink));
    assert.equal(line.send((encoder, sink) => encoder.field(path, sink)).hex, 'be');
  });

  it('keeps secrets out of tables: marked fields, and names that tell of one', () => {
    const line = new Line();
    const names = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-token-id', 'my-secret'];
    names.push('db-password', 'x-api-key', 'x-apikey');
    for (let i = 0; i < 3; i++) {
      const { hex, fields } = line.send((encoder, sink) => {
        encoder.literal('authorization', `Bearer ${i}`, sink);
        encoder.field(new HeaderField('x-mine', '1', true), sink);
      });
      assert.deepEqual(fields, [`!authorization: Bearer ${i}`, '!x-mine: 1']);
      assert.match(hex, /^1f08/);
      for (const name of names) {
        const literal = line.send((encoder, sink) => encoder.literal(name, 'v', sink));
        const field = line.send((encoder, sink) => encoder.field(new HeaderField(name, 'v'), sink));
        const group = new HeaderGroup([new HeaderField(name, 'v')]);
        const grouped = line.send((encoder, sink) => encoder.group(group, sink));
        for (const { fields: one } of [literal, field, grouped]) assert.deepEqual(one, [`!${name}: v`]);
      }
    }
    // Nothing has come into the table.
    assert.equal(line.send((encoder, sink) => encoder.literal('x-mine', '', sink)).hex.slice(0, 2), '40');
  });

  it('sends a marked field as a secret even when its pair is in a table', () => {
    const line = new Line();
    line.send((encoder, sink) => encoder.field(new HeaderField('x-mine', '1'), sink));
    const marked = (name: string, value: string) => new HeaderField(name, value, true);
    assert.equal(line.send((encoder, sink) => encoder.field(marked('x-mine', '1'), sink)).hex, '1f2f0131');
    assert.equal(
      line.send((encoder, sink) => encoder.field(marked(':method', 'GET'), sink)).fields[0],
      '!:method: GET',
    );
  });
});

describe('HpackEncoder and the table size of its peer', () => {
  const resized = (line: Line, ...sizes: number[]): string => {
    for (const size of sizes) line.encoder.setPeerTableSize(size);
    return line.send(() => undefined).hex;
  };

  it('announces the last change, and the lowest before it, once', () => {
    const line = new Line();
    assert.equal(resized(line), '');
    assert.equal(resized(line, 0), '20');
    assert.equal(resized(line), '');
    assert.equal(resized(line, 4096), '3fe11f');
    assert.equal(resized(line, 100, 64, 256), '3f21' + '3fe101');
    assert.equal(resized(line, 64, 256), '3f21' + '3fe101');
    assert.equal(resized(line, 256), '');
    assert.equal(resized(line, 300, 280), '3ff901');
    assert.equal(resized(line, 1000, 280), '');
    assert.equal(resized(line), '');
  });

  it('makes use of 4096 bytes at most, and says nothing when that is what it has', () => {
    const line = new Line();
    assert.equal(resized(line, 65_536), '');
    assert.equal(resized(line, 2 ** 32 - 1, 4096, 8192), '');
    assert.equal(resized(line, 0, 65_536), '20' + '3fe11f');
  });

  it('forgets what a smaller table has no room for, and only that', () => {
    const line = new Line();
    const [a, b] = [sized('a', 100), sized('b', 100)];
    const group = new HeaderGroup([a, b]);
    const send = () => line.send((encoder, sink) => encoder.group(group, sink));
    send();
    send();
    assert.equal(send().hex, 'bfbe');
    line.encoder.setPeerTableSize(150);
    const { hex, fields } = send();
    assert.equal(hex.slice(0, 4), '3f77');
    assert.deepEqual(
      fields.map((text) => text.slice(0, 2)),
      ['a:', '#b'],
    );
    line.encoder.setPeerTableSize(0);
    line.encoder.setPeerTableSize(4096);
    assert.equal(
      send().fields.every((text) => !text.startsWith('#')),
      true,
    );
    assert.equal(send().hex, 'bfbe');
  });

  it('learns names anew for a table that was emptied', () => {
    const line = new Line();
    const learn = (i: number) => line.send((encoder, sink) => encoder.literal(`name-${i}`, '~'.repeat(24), sink)).hex;
    for (let i = 100; i < 120; i++) learn(i);
    assert.equal(learn(119).slice(0, 4), '0008');
    line.encoder.setPeerTableSize(0);
    line.send(() => undefined);
    line.encoder.setPeerTableSize(4096);
    line.send(() => undefined);
    learn(119);
    assert.equal(learn(119).slice(0, 4), '0f2f');
  });

  it('works without a table', () => {
    const line = new Line();
    line.encoder.setPeerTableSize(0);
    const group = new HeaderGroup([post, path]);
    for (let i = 0; i < 3; i++) {
      const { fields } = line.send((encoder, sink) => {
        encoder.group(group, sink);
        encoder.literal('x', 'y', sink);
      });
      assert.deepEqual(fields, ['#:method: POST', ':path: /a.B/C', 'x: y']);
    }
  });
});
