import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import type { EndpointSet } from './endpoint.js';
import { SharedWatches } from './shared-watches.js';
import { parseTarget } from './target.js';
import { anEndpoint } from './testing/an-endpoint.js';
import { noEndpoints } from './unavailable.js';

const set = (...ids: readonly string[]): EndpointSet => ({ endpoints: ids.map((id) => anEndpoint(id)), stale: false });
const a = parseTarget('test:///a');

describe('SharedWatches', () => {
  let published: ((set: EndpointSet) => void)[];
  let closed: number;
  let refreshed: number;
  const create = (initial?: EndpointSet): SharedWatches => {
    published = [];
    closed = 0;
    refreshed = 0;
    return new SharedWatches('test', (_target, publish) => {
      published.push(publish);
      if (initial !== undefined) publish(initial);
      return { close: () => void (closed += 1), refresh: () => void (refreshed += 1) };
    });
  };
  const publish = (next: EndpointSet): void => published.at(-1)?.(next);

  it('opens one source for equal targets and closes it with the last watcher', () => {
    const watches = create();
    const [one, two] = [watches.watch(a), watches.watch(a)];
    watches.watch(parseTarget('test:///b'));
    assert.equal(published.length, 2);
    assert.equal(watches.size, 2);
    one.close();
    one.close();
    assert.equal(closed, 0);
    two.close();
    assert.equal(closed, 1);
    assert.equal(watches.size, 1);
  });

  it('opens a new source after the last watcher has gone', () => {
    const watches = create();
    watches.watch(a).close();
    watches.watch(a);
    assert.equal(published.length, 2);
  });

  it('has the answer of a source that knows it at once', () => {
    assert.equal(create(set('a')).watch(a).current?.endpoints.length, 1);
  });

  it('tells every subscriber of each change once, in any order of the endpoints', async () => {
    const watcher = create().watch(a);
    const heard: EndpointSet[] = [];
    watcher.subscribe((next) => heard.push(next));
    publish(set('a', 'b'));
    publish(set('b', 'a'));
    await Promise.resolve();
    assert.equal(heard.length, 1);
    publish(set('b'));
    assert.equal(heard.length, 2);
    assert.equal(watcher.current, heard[1]);
  });

  it('tells of every field that changes', () => {
    const watcher = create().watch(a);
    let heard = 0;
    watcher.subscribe(() => (heard += 1));
    const base = anEndpoint('x', { meta: { k: 'v' }, tags: ['t'] });
    const variants: EndpointSet[] = [
      { endpoints: [base], stale: false },
      { endpoints: [base], stale: true },
      ...[
        { host: 'h' },
        { port: 1 },
        { health: 'warning' as const },
        { weight: 2 },
        { tags: ['u'] },
        { tags: ['t', 'u'] },
        { meta: { k: 'w' } },
        { meta: {} },
        { generation: '2' },
      ].map((change) => ({ endpoints: [{ ...base, ...change }], stale: false })),
      { endpoints: [], stale: false, unavailable: noEndpoints('x') },
      { endpoints: [], stale: false, unavailable: noEndpoints('y') },
    ];
    variants.forEach((variant, index) => {
      publish(variant);
      assert.equal(heard, index + 1, JSON.stringify(variant));
      publish(structuredClone(variant));
      assert.equal(heard, index + 1, JSON.stringify(variant));
    });
  });

  it('never calls a listener from within subscribe', async () => {
    const watcher = create(set('a')).watch(a);
    let inside = true;
    const heard: EndpointSet[] = [];
    watcher.subscribe((next) => {
      assert.equal(inside, false);
      heard.push(next);
    });
    inside = false;
    await Promise.resolve();
    assert.deepEqual(heard, [watcher.current]);
  });

  it('does not tell twice what was published between subscribing and the first telling', async () => {
    const watcher = create(set('a')).watch(a);
    const heard: EndpointSet[] = [];
    watcher.subscribe((next) => heard.push(next));
    publish(set('b'));
    await Promise.resolve();
    assert.deepEqual(
      heard.map(({ endpoints }) => endpoints[0]?.id),
      ['b'],
    );
  });

  it('tells watchers without an answer that there will be none when all are closed', () => {
    const watches = create();
    const heard: (string | undefined)[] = [];
    watches.watch(a).subscribe(({ unavailable }) => heard.push(unavailable?.reason));
    watches.close();
    assert.deepEqual(heard, ['REGISTRY_UNAVAILABLE']);
  });

  it('tells nothing after unsubscribing, closing the watcher, or closing all', async () => {
    const watches = create(set('a'));
    const [one, two, three] = [watches.watch(a), watches.watch(a), watches.watch(a)];
    let heard = 0;
    const listener = (): void => void (heard += 1);
    one.subscribe(listener)();
    two.subscribe(listener);
    two.close();
    three.subscribe(listener);
    watches.close();
    await Promise.resolve();
    publish(set('b'));
    assert.equal(heard, 0);
    assert.equal(three.current?.endpoints[0]?.id, 'a');
    assert.equal(closed, 1);
    three.close();
    assert.equal(closed, 1);
    assert.throws(() => watches.watch(a), ConfigError);
  });

  it('lets a listener unsubscribe itself and others, and publish again, without telling old news afterwards', () => {
    const watcher = create().watch(a);
    const heard: string[] = [];
    const stop = watcher.subscribe((next) => {
      heard.push(`first ${next.endpoints.length}`);
      stop();
      publish(set('x', 'y'));
    });
    watcher.subscribe((next) => heard.push(`second ${next.endpoints.length}`));
    publish(set('x'));
    assert.deepEqual(heard, ['first 1', 'second 2']);
  });

  it('tells the others when one listener throws, and does not hide the error', async () => {
    const watcher = create().watch(a);
    let heard = 0;
    watcher.subscribe(() => {
      throw new Error('listener defect');
    });
    watcher.subscribe(() => (heard += 1));
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    try {
      publish(set('a'));
      assert.equal(heard, 1);
      assert.match(String(await uncaught), /listener defect/);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  it('passes a hint to refresh on until the watcher is closed', () => {
    const watcher = create().watch(a);
    watcher.refresh?.();
    watcher.close();
    watcher.refresh?.();
    assert.equal(refreshed, 1);
  });

  it('leaves nothing behind when a source refuses its target', () => {
    const watches = new SharedWatches('test', () => {
      throw new ConfigError('target', 'a', 'something else');
    });
    assert.throws(() => watches.watch(a), ConfigError);
    assert.equal(watches.size, 0);
  });
});
