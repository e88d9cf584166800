import assert from 'node:assert/strict';
import { renderIndexFiles } from './index-files.js';

describe('the index of generated packages', () => {
  const body = (text: string | undefined): readonly string[] =>
    (text ?? '').split('\n').filter((line) => line.startsWith('export'));

  it('exports the members of a package by name and the packages inside it as namespaces', () => {
    const files = renderIndexFiles([
      { package: 'shop', path: 'shop/base.pb.ts' },
      { package: 'shop.orders.v1', path: 'shop/orders/v1/orders.pb.ts' },
    ]);
    assert.deepEqual(
      [...files.keys()],
      ['index.ts', 'shop/index.ts', 'shop/orders/index.ts', 'shop/orders/v1/index.ts'],
    );
    assert.deepEqual(body(files.get('index.ts')), ['export * as shop from "./shop/index.js";']);
    assert.deepEqual(body(files.get('shop/index.ts')), [
      'export * from "./base.pb.js";',
      'export * as orders from "./orders/index.js";',
    ]);
    assert.deepEqual(body(files.get('shop/orders/v1/index.ts')), ['export * from "./orders.pb.js";']);
  });

  it('follows the package, not the folder, and puts files without package into the root', () => {
    const files = renderIndexFiles([
      { package: 'deep.pkg', path: 'flat.pb.ts' },
      { package: '', path: 'some/where/loose.pb.ts' },
    ]);
    assert.deepEqual(body(files.get('deep/pkg/index.ts')), ['export * from "../../flat.pb.js";']);
    assert.deepEqual(body(files.get('index.ts')), [
      'export * from "./some/where/loose.pb.js";',
      'export * as deep from "./deep/index.js";',
    ]);
  });

  it('does not depend on the order in which the modules come', () => {
    const modules = ['b', 'a', 'c'].map((name) => ({ package: 'p', path: `${name}.pb.ts` }));
    assert.deepEqual(renderIndexFiles(modules), renderIndexFiles(modules.toReversed()));
  });
});
