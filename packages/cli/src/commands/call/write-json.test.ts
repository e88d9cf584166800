import assert from 'node:assert/strict';
import { create, createFileRegistry, toBinary } from '@bufbuild/protobuf';
import {
  AnySchema,
  anyPack,
  file_google_protobuf_any,
  StringValueSchema,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import type { TypeSource } from './type-source.js';
import { JsonWriter } from './write-json.js';

describe('JsonWriter', () => {
  const nothingButAny = createFileRegistry(file_google_protobuf_any.proto, () => undefined);
  const source = (types: Awaited<ReturnType<TypeSource['find']>>): TypeSource & { readonly asked: string[] } => {
    const asked: string[] = [];
    return {
      description: 'test',
      asked,
      services: async () => [],
      find: async (symbol) => (asked.push(symbol), types),
    };
  };

  it('asks for the type in an Any when it meets it, once', async () => {
    const wrappers = createFileRegistry(file_google_protobuf_wrappers.proto, () => undefined);
    const known = source(wrappers);
    const writer = new JsonWriter(nothingButAny, known);
    const message = anyPack(StringValueSchema, create(StringValueSchema, { value: 'inside' }));
    const expected = { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'inside' };
    assert.deepEqual(await writer.write(AnySchema, message), expected);
    assert.deepEqual(await writer.write(AnySchema, message), expected);
    assert.deepEqual(known.asked, ['google.protobuf.StringValue']);
  });

  it('writes an Any whose type nobody knows with the type alone, instead of failing', async () => {
    const value = toBinary(StringValueSchema, create(StringValueSchema, { value: 'x' }));
    const message = create(AnySchema, { typeUrl: 'type.googleapis.com/acme.Unheard', value });
    assert.deepEqual(await new JsonWriter(nothingButAny, source(undefined)).write(AnySchema, message), {
      '@type': 'type.googleapis.com/acme.Unheard',
    });
  });
});
