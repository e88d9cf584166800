import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Catalog } from './catalog.js';
import type { ServiceDefinition } from './records.js';

const service = (name: string, id = name, port = 1): ServiceDefinition => ({
  ...{ id, name, address: '', port, tags: [], meta: {}, weights: { passing: 1, warning: 1 }, enableTagOverride: false },
  checks: [
    {
      id: `service:${id}`,
      name: 'c',
      notes: '',
      status: 'passing',
      kind: { type: 'ttl', ttlMs: 1_000 },
      deregisterAfterMs: undefined,
    },
  ],
});

describe('Catalog', () => {
  it('moves the index of a service when it, its checks or its instances change, and not otherwise', () => {
    const catalog = new Catalog();
    catalog.register(service('a', 'a1'));
    const registered = catalog.indexOf('a');
    catalog.register(service('a', 'a1'));
    catalog.register(service('b'));
    catalog.setStatus('service:b', 'critical', '');
    catalog.setStatus('service:a1', 'passing', 'a note');
    assert.equal(catalog.indexOf('a'), registered);
    catalog.setStatus('service:a1', 'critical', '');
    const failed = catalog.indexOf('a');
    assert.ok(failed > registered);
    catalog.register(service('a', 'a1', 2));
    const moved = catalog.indexOf('a');
    assert.ok(moved > failed);
    catalog.deregister('a1');
    assert.ok(catalog.indexOf('a') > moved);
  });

  it('keeps the status of a check that is registered again', () => {
    const catalog = new Catalog();
    catalog.register(service('a'));
    catalog.setStatus('service:a', 'critical', 'why');
    catalog.register(service('a', 'a', 7));
    assert.equal(catalog.check('service:a')?.status, 'critical');
    assert.equal(catalog.check('service:a')?.output, 'why');
  });

  it('keeps the index of a creation over changes, and gives a new one after an absence', () => {
    const catalog = new Catalog();
    catalog.register(service('a'));
    const created = catalog.service('a')?.createIndex;
    catalog.register(service('a', 'a', 7));
    assert.equal(catalog.service('a')?.createIndex, created);
    catalog.deregister('a');
    catalog.register(service('a'));
    assert.notEqual(catalog.service('a')?.createIndex, created);
  });

  it('never moves an index backwards, tells every change, and moves the index of whatever changed', () => {
    const names = ['a', 'b', 'c'];
    const step = fc.tuple(
      fc.constantFrom('register', 'deregister', 'fail', 'pass'),
      fc.constantFrom(...names),
      fc.nat(2),
      fc.nat(2),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const catalog = new Catalog();
        let told = 0;
        catalog.onChange(() => (told += 1));
        const content = (name: string): string =>
          JSON.stringify(
            catalog
              .entriesOf(name)
              .map(({ service: { port, id }, checks }) => [id, port, checks.map(({ status }) => status)]),
          );
        for (const [what, name, instance, port] of steps) {
          const before = {
            index: catalog.index,
            told,
            of: names.map((one) => [content(one), catalog.indexOf(one)] as const),
          };
          const id = `${name}${instance}`;
          if (what === 'register') catalog.register(service(name, id, port));
          else if (what === 'deregister') catalog.deregister(id);
          else catalog.setStatus(`service:${id}`, what === 'fail' ? 'critical' : 'passing', '');
          names.forEach((one, index) => {
            const [text, at] = before.of[index] ?? ['', 0];
            assert.ok(catalog.indexOf(one) >= at);
            if (content(one) !== text) assert.ok(catalog.indexOf(one) > at, `${what} ${one}`);
          });
          assert.equal(catalog.index > before.index, told > before.told);
        }
      }),
    );
  });
});
