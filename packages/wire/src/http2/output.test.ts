import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Output, type OutputOwner } from './output.js';
import { SLAB_BYTES, takeSlab } from './slab-pool.js';
import { FakeSocket } from './testing/fake-socket.js';

const OWNER: OutputOwner = { beforeWrite: () => {} };
const pattern = Buffer.from(Array.from({ length: 1_000_003 }, (_, index) => (index * 31 + (index >> 8)) % 256));

function make(copies = false, socket = new FakeSocket(), owner = OWNER) {
  return { socket, out: new Output(socket, owner, copies) };
}

function append(out: Output, bytes: Buffer | string): void {
  const buffer = Buffer.from(bytes);
  out.reserve(buffer.length);
  buffer.copy(out.bytes, out.pos);
  out.pos += buffer.length;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Output', () => {
  it('writes all of one tick in one system call, when the microtasks of the tick are done', async () => {
    const { out, socket } = make();
    await Promise.resolve();
    append(out, 'a');
    out.schedule();
    out.schedule();
    append(out, 'b');
    await Promise.resolve();
    append(out, 'c');
    assert.equal(socket.writes, 0);
    await turn();
    assert.equal(socket.read().toString(), 'abc');
    assert.equal(socket.writes, 1);
  });

  it('takes what microtasks answer into the same write, when it is scheduled outside of them', async () => {
    const { out, socket } = make();
    append(out, 'frames ');
    out.scheduleAfterMicrotasks();
    void Promise.resolve()
      .then(() => {})
      .then(() => append(out, 'and an answer'));
    await turn();
    assert.equal(socket.read().toString(), 'frames and an answer');
    assert.equal(socket.writes, 1);
  });

  it('gives its owner the last word in every write', async () => {
    const owner = { beforeWrite: (): void => append(out, ' last') };
    const { out, socket } = make(false, new FakeSocket(), owner);
    append(out, 'first');
    out.schedule();
    await turn();
    assert.equal(socket.read().toString(), 'first last');
  });

  it('asks its owner once a tick, and in every tick that has output', async () => {
    let asked = 0;
    const { out, socket } = make(false, new FakeSocket(), { beforeWrite: () => void (asked += 1) });
    for (const text of ['one ', 'two ', 'three']) {
      append(out, text);
      out.schedule();
      out.scheduleAfterMicrotasks();
      out.schedule();
      await turn();
      out.scheduleAfterMicrotasks();
      out.schedule();
      await turn();
    }
    assert.deepEqual([asked, socket.read().toString()], [6, 'one two three']);
  });

  it('writes nothing when there is nothing', async () => {
    const { out, socket } = make();
    out.schedule();
    out.flush();
    await turn();
    assert.equal(socket.writes, 0);
  });

  it('owns no slab when all is written, and uses the same one for the next tick', () => {
    const { out, socket } = make();
    append(out, 'one');
    const slab = out.bytes;
    out.flush();
    assert.equal(out.bytes.length, 0);
    append(out, 'two');
    assert.equal(out.bytes, slab);
    out.flush();
    assert.equal(socket.read().toString(), 'onetwo');
  });

  it('leaves a slab to a socket that holds bytes of it', () => {
    const { out, socket } = make();
    socket.room = 2;
    append(out, 'held');
    const slab = out.bytes;
    out.flush();
    append(out, 'XXXX');
    assert.notEqual(out.bytes, slab);
    assert.equal(takeSlab() === slab, false);
    socket.drain(100);
    assert.equal(socket.read().toString(), 'held');
  });

  it('gives a socket that encrypts a copy of small output, and has its slab back at once', () => {
    const { out, socket } = make(true);
    socket.room = 0;
    append(out, pattern.subarray(0, 16 * 1024));
    const slab = out.bytes;
    out.flush();
    append(out, 'XXXX');
    assert.equal(out.bytes, slab);
    socket.drain(20_000);
    assert.ok(socket.read().equals(pattern.subarray(0, 16 * 1024)));
  });

  it('gives larger output away to a socket that encrypts', () => {
    const { out, socket } = make(true);
    socket.room = 0;
    append(out, pattern.subarray(0, 16 * 1024 + 1));
    const slab = out.bytes;
    out.flush();
    append(out, 'XXXX');
    assert.notEqual(out.bytes, slab);
    socket.drain(20_000);
    assert.ok(socket.read().equals(pattern.subarray(0, 16 * 1024 + 1)));
  });

  it('passes payload on by reference, in its place among the rest, in one system call', () => {
    const { out, socket } = make();
    const payload = Buffer.from('payload');
    append(out, '<');
    out.reference(payload);
    append(out, '>');
    out.reference(Buffer.from('!'));
    payload[0] = 'P'.charCodeAt(0);
    assert.equal(out.unwrittenBytes, 10);
    out.flush();
    assert.equal(socket.read().toString(), '<Payload>!');
    assert.equal(socket.writes, 1);
    assert.equal(out.unwrittenBytes, 0);
  });

  it('grows, and keeps what is written and at its place', () => {
    const { out, socket } = make();
    append(out, 'ab');
    out.reference(Buffer.from('--'));
    append(out, 'cd');
    const at = out.pos;
    append(out, pattern.subarray(0, 200_000));
    assert.equal(out.bytes.toString('latin1', at - 2, at), 'cd');
    out.bytes.write('C', at - 2);
    out.flush();
    const expected = Buffer.concat([Buffer.from('ab--Cd'), pattern.subarray(0, 200_000)]);
    assert.ok(socket.read().equals(expected));
  });

  it('has a slab for output that fits one, and a multiple of a slab for what does not', () => {
    const { out } = make();
    out.reserve(SLAB_BYTES);
    assert.equal(out.bytes.length, SLAB_BYTES);
    const { out: other } = make();
    other.reserve(SLAB_BYTES + 1);
    assert.equal(other.bytes.length, 2 * SLAB_BYTES);
  });

  it('counts what was not written yet', () => {
    const { out } = make();
    append(out, '12345');
    assert.equal(out.unwrittenBytes, 5);
    out.flush();
    assert.equal(out.unwrittenBytes, 0);
    append(out, '678');
    out.reference(Buffer.from('90'));
    append(out, '1');
    assert.equal(out.unwrittenBytes, 6);
  });

  it('is blocked by a socket that is full, holds its output back, and goes on when it drains', async () => {
    const { out, socket } = make(false, new FakeSocket(10));
    socket.room = 4;
    append(out, '0123456789abcdef');
    out.flush();
    assert.equal(out.blocked, true);
    append(out, 'ghi');
    out.schedule();
    await turn();
    assert.equal(socket.writes, 1);
    assert.equal(socket.drain(100), true);
    out.onDrain();
    assert.equal(out.blocked, false);
    assert.equal(socket.read().toString(), '0123456789abcdefghi');
  });

  it('is blocked by references that the socket does not take, and gives its slab away with them', () => {
    const { out, socket } = make(false, new FakeSocket(10));
    socket.room = 4;
    append(out, '<');
    const slab = out.bytes;
    out.reference(Buffer.from('0123456789abcdef'));
    append(out, '>');
    out.flush();
    assert.deepEqual([out.blocked, out.bytes.length], [true, 0]);
    append(out, '!');
    assert.notEqual(out.bytes, slab);
    assert.equal(socket.drain(100), true);
    out.onDrain();
    assert.equal(socket.read().toString(), '<0123456789abcdef>!');
    append(out, '<');
    const next = out.bytes;
    out.reference(Buffer.from('taken'));
    out.flush();
    assert.deepEqual([out.blocked, out.bytes.length], [false, 0]);
    append(out, '>');
    assert.equal(out.bytes, next, 'what the kernel has taken is free again');
  });

  it('is not blocked by a write above the high-water mark that the kernel has taken', () => {
    const { out } = make(false, new FakeSocket(10));
    append(out, '0123456789abcdef');
    out.flush();
    assert.equal(out.blocked, false);
  });

  it('writes nothing to a socket that is destroyed', () => {
    const { out, socket } = make();
    append(out, 'x');
    socket.destroy();
    out.flush();
    assert.equal(socket.writes, 0);
  });

  it('keeps and writes nothing once it is closed', async () => {
    const { out, socket } = make();
    append(out, 'x');
    out.reference(Buffer.from('y'));
    append(out, 'z');
    out.schedule();
    out.close();
    assert.equal(out.unwrittenBytes, 0);
    await turn();
    append(out, 'too late');
    out.flush();
    out.scheduleAfterMicrotasks();
    out.schedule();
    await turn();
    assert.equal(socket.writes, 0);
  });

  it('can be closed by its owner in the middle of a write', () => {
    const owner = { beforeWrite: (): void => out.close() };
    const { out, socket } = make(false, new FakeSocket(), owner);
    append(out, 'x');
    out.flush();
    assert.equal(socket.writes, 0);
  });
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), size: fc.nat({ max: 3000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('append' as const), size: fc.nat({ max: 150_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reference' as const), size: fc.nat({ max: 20_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drain' as const), room: fc.nat({ max: 100_000 }) }) },
);

describe('several outputs that share slabs', () => {
  it('each send what was appended to them, whatever their sockets take and hold', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 2 }), step), { maxLength: 120, size: 'max' });
    const property = fc.property(steps, fc.boolean(), fc.nat({ max: 50_000 }), (all, copies, room) => {
      const lines = [0, 1, 2].map((which) => {
        const line = { ...make(copies), expected: [] as Buffer[], received: [] as Buffer[], seed: which * 1000 };
        line.socket.room = room;
        return line;
      });
      const fill = (size: number, seed: number): Buffer => Buffer.from(pattern.subarray(seed, seed + size));
      for (const [which, one] of all) {
        const line = lines[which];
        if (line === undefined) continue;
        const { out, socket, expected } = line;
        if (one.kind === 'append' || one.kind === 'reference') {
          const bytes = fill(one.size, (line.seed += 7));
          expected.push(bytes);
          if (one.kind === 'append') append(out, bytes);
          else out.reference(bytes);
        } else if (one.kind === 'flush') out.flush();
        else if (socket.drain(one.room)) out.onDrain();
        line.received.push(socket.read());
      }
      for (const { out, socket, expected, received } of lines) {
        for (let turns = 0; turns < 3; turns++) if (socket.drain(1e9)) out.onDrain();
        out.flush();
        received.push(socket.read());
        assert.ok(Buffer.concat(received).equals(Buffer.concat(expected)));
        assert.equal(out.unwrittenBytes, 0);
      }
    });
    fc.assert(property, { numRuns: 60 });
  });
});
