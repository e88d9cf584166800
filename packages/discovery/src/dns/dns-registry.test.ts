import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { FakeClock, fixedRandom, SeededRandom } from '@breakwater/core/testing';
import type { EndpointSet } from '../endpoint.js';
import type { Registry, Watcher } from '../registry.js';
import { parseTarget } from '../target.js';
import { dnsRegistry, type DnsRegistryOptions } from './dns-registry.js';

const refused = (message: RegExp) => (error: unknown) => error instanceof ConfigError && message.test(error.message);
const failure = (code: string): Error => Object.assign(new Error(`query failed ${code}`), { code });

describe('dnsRegistry', () => {
  let clock: FakeClock;
  let asked: { host: string; server: string | undefined; at: number }[];
  let reply: () => Promise<readonly string[]>;
  let registry: Registry;
  let heard: EndpointSet[];
  const watch = async (
    uri = 'dns:///payments.internal:5000',
    options: DnsRegistryOptions = {},
    random = fixedRandom(0.5),
  ): Promise<Watcher> => {
    clock = new FakeClock();
    asked = [];
    heard = [];
    registry = dnsRegistry({
      resolve: (host, server) => {
        asked.push({ host, server, at: clock.now() });
        return reply();
      },
      runtime: { clock, random },
      ...options,
    });
    const watcher = registry.watch(parseTarget(uri));
    watcher.subscribe((set) => heard.push(set));
    await clock.advance(0);
    return watcher;
  };
  beforeEach(() => {
    reply = () => Promise.resolve(['10.0.0.2', '10.0.0.1', '2001:db8::1', '10.0.0.2']);
  });
  afterEach(async () => {
    await registry.close();
    assert.equal(clock.pendingTimers, 0);
  });

  it('has one endpoint per address, IPv4 and IPv6', async () => {
    const watcher = await watch();
    assert.deepEqual(
      watcher.current?.endpoints.map(({ id }) => id),
      ['10.0.0.2:5000', '10.0.0.1:5000', '[2001:db8::1]:5000'],
    );
    assert.deepEqual(asked, [{ host: 'payments.internal', server: undefined, at: 0 }]);
  });

  it('asks again on its interval with jitter, and publishes only what changed', async () => {
    await watch('dns:///h:1', {}, new SeededRandom(1));
    await clock.advance(300_000);
    const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
    assert.ok(gaps.length >= 9);
    assert.ok(
      gaps.every((gap) => gap >= 27_000 && gap <= 33_000),
      String(gaps),
    );
    assert.ok(new Set(gaps).size > 5);
    assert.equal(heard.length, 1);
    reply = () => Promise.resolve(['10.0.0.2', '10.0.0.1', '10.0.0.3']);
    await clock.advance(33_000);
    assert.equal(heard.length, 2);
  });

  it('asks again on request, at most every minIntervalMs', async () => {
    const watcher = await watch();
    await clock.advance(2_000);
    for (let n = 0; n < 100; n++) watcher.refresh?.();
    await clock.advance(2_999);
    assert.equal(asked.length, 1);
    await clock.advance(1);
    assert.equal(asked.length, 2);
    await clock.advance(10_000);
    watcher.refresh?.();
    await clock.advance(0);
    assert.equal(asked.length, 3);
  });

  it('keeps the last good answer, marked stale, while DNS fails, and asks again with growing pauses', async () => {
    const watcher = await watch();
    reply = () => Promise.reject(failure('ESERVFAIL'));
    await clock.advance(120_000);
    assert.equal(watcher.current?.stale, true);
    assert.equal(watcher.current?.endpoints.length, 3);
    const gaps = asked.slice(2).map(({ at }, index) => at - (asked[index + 1]?.at ?? 0));
    assert.deepEqual(gaps.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    reply = () => Promise.resolve(['10.0.0.1', '10.0.0.2']);
    await clock.advance(40_000);
    assert.equal(watcher.current?.stale, false);
  });

  it('says why when DNS could never be asked, and when it asks again', async () => {
    reply = () => Promise.reject(failure('EAI_AGAIN'));
    const watcher = await watch();
    assert.equal(watcher.current?.unavailable?.reason, 'REGISTRY_UNAVAILABLE');
    assert.equal(
      watcher.current?.unavailable?.details,
      'DNS cannot be asked for "payments.internal": query failed EAI_AGAIN; asking again in 1000 ms',
    );
  });

  for (const code of ['ENOTFOUND', 'ENODATA']) {
    it(`takes ${code} for an answer: there is no such name`, async () => {
      reply = () => Promise.reject(failure(code));
      const watcher = await watch('dns://9.9.9.9:53/nobody:5000');
      assert.equal(watcher.current?.unavailable?.reason, 'NO_ENDPOINTS');
      assert.equal(watcher.current?.unavailable?.details, 'DNS at 9.9.9.9:53 knows no address of "nobody"');
      assert.equal(asked[0]?.server, '9.9.9.9:53');
    });
  }

  it('gives up on a question after its time limit, and ignores the answer that comes later', async () => {
    let late: (addresses: readonly string[]) => void = () => {};
    reply = () => new Promise((resolve) => (late = resolve));
    const watcher = await watch();
    await clock.advance(4_999);
    assert.equal(heard.length, 0);
    await clock.advance(1);
    assert.match(heard[0]?.unavailable?.details ?? '', /no answer in 5000 ms/);
    late(['10.0.0.9']);
    await clock.advance(500);
    assert.equal(heard.length, 1);
    assert.equal(watcher.current, heard[0]);
  });

  it('survives a resolver that throws', async () => {
    reply = () => {
      throw new Error('resolver defect');
    };
    const watcher = await watch();
    assert.match(watcher.current?.unavailable?.details ?? '', /resolver defect/);
  });

  it('does not ask about an address', async () => {
    const watcher = await watch('dns:///127.0.0.1:5000');
    assert.deepEqual(
      watcher.current?.endpoints.map(({ id }) => id),
      ['127.0.0.1:5000'],
    );
    assert.equal(asked.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('asks nothing more after the last watcher was closed', async () => {
    const watcher = await watch();
    watcher.close();
    watcher.refresh?.();
    await clock.advance(300_000);
    assert.equal(asked.length, 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('refuses targets and options that make no sense', async () => {
    await watch();
    const target = (uri: string) => () => registry.watch(parseTarget(uri));
    assert.throws(target('dns:///host'), refused(/host:port/));
    assert.throws(target('dns:///host:1?x=1'), refused(/unknown parameter x/));
    assert.throws(target('dns://resolver.internal/host:1'), refused(/must be an IP address/));
    assert.throws(() => dnsRegistry({ intervalMs: 999 }), refused(/dns\.intervalMs is 999/));
    assert.throws(() => dnsRegistry({ intervalMs: 2_000, minIntervalMs: 2_001 }), refused(/dns\.minIntervalMs/));
    assert.throws(() => dnsRegistry({ timeoutMs: 1 }), refused(/dns\.timeoutMs/));
    assert.throws(() => dnsRegistry({ intervall: 1 } as never), refused(/did you mean "intervalMs"/));
    assert.throws(() => dnsRegistry({ suspectTtlMs: -1 }), refused(/suspectTtlMs/));
    await assert.rejects(registry.register({ service: 'a', host: 'b', port: 1 }), refused(/DNS cannot register/));
  });

  it('resolves localhost with the system', async () => {
    const own = dnsRegistry();
    const watcher = own.watch(parseTarget('dns:///localhost:5000'));
    const set = await new Promise<EndpointSet>((resolve) => watcher.subscribe(resolve));
    assert.ok(
      set.endpoints.some(({ host }) => host === '127.0.0.1' || host === '::1'),
      JSON.stringify(set),
    );
    await own.close();
  });
});
