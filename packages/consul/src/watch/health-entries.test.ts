import assert from 'node:assert/strict';
import { ConsulError } from '../client/consul-error.js';
import { toEndpoints, toHealths } from './health-entries.js';

const entry = (
  service: object,
  checks: readonly string[] = [],
  node: object = { Node: 'n1', Address: '10.0.0.1' },
): object => ({
  Node: node,
  Service: { ID: 'p1', Port: 5000, ...service },
  Checks: checks.map((Status) => ({ Status })),
});

describe('toEndpoints', () => {
  it('takes the address of the service, and that of the node when it has none', () => {
    const hosts = toEndpoints([entry({ Address: '10.0.0.9' }), entry({ Address: '' }), entry({})], false).map(
      ({ host }) => host,
    );
    assert.deepEqual(hosts, ['10.0.0.9', '10.0.0.1', '10.0.0.1']);
  });

  it('tells instances with one id on two nodes apart', () => {
    const ids = toEndpoints([entry({}), entry({}, [], { Node: 'n2', Address: '10.0.0.2' })], false).map(({ id }) => id);
    assert.deepEqual(ids, ['p1@n1', 'p1@n2']);
  });

  it('is as healthy as the worst check, those of the node and of maintenance included', () => {
    const of = (...checks: readonly string[]) => toEndpoints([entry({}, checks)], false)[0]?.health;
    assert.equal(of(), 'passing');
    assert.equal(of('passing', 'passing'), 'passing');
    assert.equal(of('passing', 'warning'), 'warning');
    assert.equal(of('warning', 'critical', 'passing'), 'critical');
    assert.equal(of('maintenance'), 'critical');
  });

  it('takes a warning for critical when asked for passing instances only', () => {
    assert.equal(toEndpoints([entry({}, ['warning'])], true)[0]?.health, 'critical');
  });

  it('weighs by our mark in Meta, else by the weights of Consul for the health it has, else 1', () => {
    const of = (service: object, ...checks: readonly string[]) =>
      toEndpoints([entry(service, checks)], false)[0]?.weight;
    const Weights = { Passing: 8, Warning: 2 };
    assert.equal(of({ Weights, Meta: { 'breakwater-weight': '3.5' } }), 3.5);
    assert.equal(of({ Weights }), 8);
    assert.equal(of({ Weights }, 'warning'), 2);
    assert.equal(of({ Weights: { Passing: 8, Warning: 0 } }, 'warning'), 1);
    for (const bad of ['0', '-1', 'x', '', 'Infinity'])
      assert.equal(of({ Meta: { 'breakwater-weight': bad } }), 1, bad);
    assert.equal(of({ Weights: null }), 1);
  });

  it('keeps our marks out of meta and makes them the generation', () => {
    const [one] = toEndpoints(
      [entry({ Meta: { zone: 'a', 'breakwater-weight': '2', 'breakwater-generation': 'g' }, CreateIndex: 7 })],
      false,
    );
    assert.deepEqual(one?.meta, { zone: 'a' });
    assert.equal(one?.generation, 'g/7');
  });

  it('leaves out instances that cannot be called, but counts their health', () => {
    const body = [entry({ Port: 0 }), entry({ Port: '5000' }), entry({ Address: '' }, [], {}), entry({}, ['critical'])];
    assert.equal(toEndpoints(body, false).length, 1);
    assert.deepEqual(toHealths(body), ['passing', 'passing', 'passing', 'critical']);
  });

  it('ignores tags and meta of the wrong type', () => {
    const [one] = toEndpoints(
      [entry({ Tags: null, Meta: null }), entry({ Tags: ['a', 7], Meta: { a: 1, b: 'c' } })],
      false,
    ).slice(-1);
    assert.deepEqual([one?.tags, one?.meta], [['a'], { b: 'c' }]);
  });

  it('refuses what Consul never sends', () => {
    for (const body of [undefined, null, {}, 'x', [null], [7], [{}], [{ Service: null }], [{ Service: { ID: 1 } }]]) {
      assert.throws(
        () => toEndpoints(body, false),
        (error) => error instanceof ConsulError && error.kind === 'malformed',
        JSON.stringify(body),
      );
    }
  });
});
