import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { FakeClock, fixedRandom, SeededRandom } from '@breakwater/core/testing';
import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './start-fault-proxy.js';

/** Resolves when the condition holds, looking again after every turn of the event loop; the test's time limit bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** A client of the proxy that remembers what happened to it. */
class Caller {
  received = '';
  ended = false;
  error: string | undefined;
  closed = false;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.setEncoding('utf8').on('data', (text: string) => (this.received += text));
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
    this.socket.on('close', () => (this.closed = true));
  }
}

describe('startFaultProxy', () => {
  const clock = new FakeClock();
  let server: Server;
  let proxy: FaultProxy;
  let callers: Caller[];
  /** The server's ends of the connections. */
  let served: Socket[];

  const start = async (options: Partial<FaultProxyOptions> = {}): Promise<void> => {
    const { port } = server.address() as AddressInfo;
    proxy = await startFaultProxy({ target: `127.0.0.1:${port}`, clock, random: fixedRandom(0.5), ...options });
  };
  const call = (): Caller => {
    const caller = new Caller(proxy.port);
    callers.push(caller);
    return caller;
  };

  beforeEach(async () => {
    callers = [];
    served = [];
    // An echo server.
    server = createServer({ allowHalfOpen: true }, (socket) => {
      served.push(socket);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await start();
  });

  afterEach(async () => {
    for (const { socket } of callers) socket.destroy();
    await proxy.close();
    for (const socket of served) socket.destroy();
    server.close();
    await once(server, 'close');
    assert.equal(clock.pendingTimers, 0, 'timers are left');
  });

  it('without faults is a plain proxy, with half-closed connections too', async () => {
    const caller = call();
    caller.socket.end('hello');
    await until(() => caller.closed);
    assert.deepEqual([caller.received, caller.ended, caller.error], ['hello', true, undefined]);
    assert.deepEqual(proxy.totals, { accepted: 1, upstreamBytes: 5, downstreamBytes: 5 });
    await until(() => proxy.connections === 0);
  });

  it('carries more than its buffers hold, unchanged', async () => {
    const caller = call();
    const text = 'abcdefgh'.repeat(1_000_000);
    caller.socket.end(text);
    await until(() => caller.closed);
    assert.ok(caller.received === text);
  });

  it('holds a sender back while a slow link is full', async () => {
    proxy.add({ kind: 'black_hole' });
    const caller = call();
    await until(() => served.length === 1);
    const chunk = Buffer.alloc(1024 * 1024);
    // Kernel buffers take some; a proxy without a bound would take it all.
    for (let i = 0; i < 64; i += 1) caller.socket.write(chunk);
    let before = -1;
    while (before !== caller.socket.writableLength) {
      before = caller.socket.writableLength;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(caller.socket.writableLength > 16 * 1024 * 1024, `${caller.socket.writableLength} bytes are held back`);
  });

  it('latency delays each direction by its time', async () => {
    proxy.add({ kind: 'latency', delayMs: 100, direction: 'upstream' });
    const caller = call();
    caller.socket.write('a');
    await until(() => clock.pendingTimers === 1);
    await clock.advance(99);
    assert.equal(proxy.totals.upstreamBytes, 0);
    await clock.advance(1);
    await until(() => caller.received === 'a');
  });

  it('a fault that is switched off lets go of what it held, on open connections', async () => {
    const off = proxy.add({ kind: 'latency', delayMs: 60_000, direction: 'downstream' });
    const caller = call();
    caller.socket.write('a');
    await until(() => clock.pendingTimers === 1);
    off();
    off();
    await until(() => caller.received === 'a');
  });

  it('a black hole is silent for everybody until it is removed', async () => {
    const caller = call();
    caller.socket.write('a');
    await until(() => caller.received === 'a');
    proxy.add({ kind: 'black_hole' });
    caller.socket.end('b');
    await clock.advance(3_600_000);
    assert.deepEqual([caller.received, caller.closed], ['a', false]);
    proxy.clear();
    await until(() => caller.closed);
    assert.deepEqual([caller.received, caller.error], ['ab', undefined]);
  });

  it('a black hole with a time limit closes the connection', async () => {
    proxy.add({ kind: 'black_hole', closeAfterMs: 1000 });
    const caller = call();
    await until(() => served.length === 1 && clock.pendingTimers > 0);
    await clock.advance(1000);
    await until(() => caller.closed && served[0]?.destroyed === true);
  });

  it('reset_peer sends a reset to both sides', async () => {
    const caller = call();
    caller.socket.write('a');
    await until(() => caller.received === 'a');
    proxy.add({ kind: 'reset_peer', direction: 'upstream' });
    await until(() => caller.closed && served[0]?.destroyed === true);
    assert.equal(caller.error, 'ECONNRESET');
  });

  it('bandwidth, slicer and limit_data act on what passes', async () => {
    proxy.add({ kind: 'limit_data', bytes: 5, direction: 'downstream' });
    proxy.add({ kind: 'slicer', averageBytes: 2, delayMs: 10, direction: 'downstream' });
    const caller = call();
    caller.socket.write('abcdefgh');
    await until(() => caller.received === 'ab');
    await clock.advance(10);
    await until(() => caller.received === 'abcd');
    await clock.advance(10);
    await until(() => caller.closed);
    assert.equal(caller.received, 'abcde');
    proxy.clear();
    proxy.add({ kind: 'bandwidth', bytesPerSecond: 10, direction: 'upstream' });
    const slow = call();
    slow.socket.write('xyz');
    for (const received of ['x', 'xy', 'xyz']) {
      await until(() => clock.pendingTimers === 1);
      await clock.advance(100);
      await until(() => slow.received === received);
    }
  });

  it('slow_close keeps the end back', async () => {
    proxy.add({ kind: 'slow_close', delayMs: 500, direction: 'downstream' });
    const caller = call();
    caller.socket.end('a');
    await until(() => caller.received === 'a' && clock.pendingTimers === 1);
    assert.equal(caller.ended, false);
    await clock.advance(500);
    await until(() => caller.closed);
  });

  it('a share of the connections is hit, each wholly or not at all', async () => {
    await proxy.close();
    await start({ random: new SeededRandom(3) });
    proxy.add({ kind: 'reset_peer', share: 0.5 });
    const many = Array.from({ length: 20 }, () => call());
    for (const caller of many) caller.socket.end('a');
    await until(() => many.every(({ closed }) => closed));
    const whole = many.filter(({ received, error }) => received === 'a' && error === undefined).length;
    assert.ok(whole > 0 && whole < 20, `${whole} of 20`);
    assert.equal(many.filter(({ received }) => received === '').length, 20 - whole);
  });

  it('cut resets what is open; new connections work', async () => {
    const caller = call();
    caller.socket.write('a');
    await until(() => caller.received === 'a');
    proxy.cut();
    await until(() => caller.closed);
    const next = call();
    next.socket.end('b');
    await until(() => next.closed);
    assert.equal(next.received, 'b');
  });

  it('down refuses connections, up takes them again on the same port', async () => {
    const { port } = proxy;
    const caller = call();
    caller.socket.write('a');
    await until(() => caller.received === 'a');
    await proxy.down();
    await until(() => caller.closed);
    const refused = call();
    await until(() => refused.closed);
    assert.equal(refused.error, 'ECONNREFUSED');
    await proxy.up();
    assert.equal(proxy.port, port);
    const next = call();
    next.socket.end('b');
    await until(() => next.closed);
    assert.equal(next.received, 'b');
  });

  it('a reset of one side reaches the other', async () => {
    const caller = call();
    caller.socket.write('a');
    await until(() => caller.received === 'a');
    served[0]?.resetAndDestroy();
    await until(() => caller.closed);
    assert.equal(caller.error, 'ECONNRESET');
  });

  it('a target that refuses looks like a reset', async () => {
    server.close();
    await once(server, 'close');
    const caller = call();
    await until(() => caller.closed);
    assert.equal(caller.error, 'ECONNRESET');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  it('close ends everything, twice as well, and there is no way back', async () => {
    proxy.add({ kind: 'latency', delayMs: 1000 });
    const caller = call();
    caller.socket.write('a');
    await until(() => clock.pendingTimers === 1);
    await proxy.close();
    await proxy.close();
    await until(() => caller.closed);
    assert.deepEqual([proxy.connections, clock.pendingTimers], [0, 0]);
    await assert.rejects(proxy.up(), /is closed/);
  });

  it('refuses a target without a port, and unknown options', async () => {
    await assert.rejects(startFaultProxy({ target: 'localhost' }), /faultProxy\.target/);
    await assert.rejects(startFaultProxy({ target: 'a:1', prot: 1 } as FaultProxyOptions), /did you mean "port"/);
  });
});
