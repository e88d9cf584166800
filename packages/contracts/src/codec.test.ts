import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { assertConforms } from '@breakwater/codec/conformance';

const ROOT = new URL('./gen/', import.meta.url);
const files = (await readdir(ROOT, { recursive: true })).filter((name) => name.endsWith('.pb.js'));

describe('the messages of the shop', () => {
  for (const file of files) {
    it(`of ${file} are encoded and decoded by the fast writer and reader as by their own`, async () => {
      const module = (await import(new URL(file, ROOT).href)) as Readonly<Record<string, unknown>>;
      const types = Object.entries(module).filter(([, value]) => Object.hasOwn(Object(value), 'fromPartial'));
      assert.ok(types.length > 0);
      for (const [name, type] of types) assertConforms(name, type as never, { runs: 50 });
    });
  }
});
