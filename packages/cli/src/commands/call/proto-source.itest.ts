import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DescEnum, DescExtension, DescField, DescService, FileRegistry } from '@bufbuild/protobuf';
import { compileProtos } from '../../generate/protoc.js';
import { PROTO_ROOT } from '../testdata/lab-service.js';
import { DescriptorPool } from './descriptor-pool.js';
import { protoSource } from './proto-source.js';

const SHOP_ROOT = fileURLToPath(new URL('../../../../../proto', import.meta.url));

describe('protoSource', function () {
  this.timeout(30_000);

  for (const [title, root, files, symbol] of [
    [
      'packages that import each other',
      SHOP_ROOT,
      ['shop/orders/v1/orders.proto', 'shop/payments/v1/payments.proto', 'shop/bank/v1/bank.proto'],
      'shop.orders.v1.Orders',
    ],
    [
      'names that mean different types in different scopes, proto2, groups, extensions, edition 2023',
      PROTO_ROOT,
      ['acme/odd/v1/scopes.proto'],
      'acme.odd.v1.Odd',
    ],
    ['every kind of field', PROTO_ROOT, ['acme/lab/v1/lab.proto'], 'acme.lab.v1.Lab'],
  ] as const) {
    it(`knows the same types as protoc: ${title}`, async () => {
      const source = await protoSource(files, [root]);
      const { set } = await compileProtos({ protoDir: root, files, includeDirs: [] });
      const pool = new DescriptorPool();
      pool.add(set.file);
      const found = await source.find(symbol);
      assert.ok(found);
      const [loaded, compiled] = [tell(found), tell(pool.registry)];
      for (const [name, told] of compiled) assert.deepEqual(loaded.get(name), told, name);
      assert.deepEqual([...loaded.keys()].toSorted(), [...compiled.keys()].toSorted());
    });
  }

  it('lists the services of the files given, not those of their imports', async () => {
    const source = await protoSource(['acme/odd/v1/scopes.proto', 'acme/lab/v1/color.proto'], [PROTO_ROOT]);
    assert.deepEqual(await source.services(), ['acme.odd.v1.Odd']);
  });

  it('takes a file by its path, whose folder is where it imports from', async () => {
    const source = await protoSource([path.join(PROTO_ROOT, 'acme/lab/v1/color.proto')], []);
    assert.ok(await source.find('acme.lab.v1.Color'));
  });
});

/** What matters of every type in a call, as plain data by name. */
const tell = (types: FileRegistry): ReadonlyMap<string, unknown> =>
  new Map(
    [...types].map((type) => [
      type.typeName,
      type.kind === 'message'
        ? { fields: type.fields.map(tellField), oneofs: type.oneofs.map(({ name }) => name) }
        : type.kind === 'enum'
          ? tellEnum(type)
          : type.kind === 'service'
            ? tellService(type)
            : { ...tellField(type), extendee: type.extendee.typeName },
    ]),
  );

const tellField = (field: DescField | DescExtension): object => ({
  ...{ name: field.name, number: field.number, jsonName: field.jsonName, kind: field.fieldKind },
  ...{ scalar: field.scalar, message: field.message?.typeName, enum: field.enum?.typeName, presence: field.presence },
  ...{ oneof: field.oneof?.name, utf8: field.utf8Validation },
  packed: field.fieldKind === 'list' && field.packed,
  delimited: 'delimitedEncoding' in field && field.delimitedEncoding,
  mapKey: field.fieldKind === 'map' && field.mapKey,
});

const tellEnum = ({ open, values }: DescEnum): object => ({
  open,
  values: values.map(({ name, number }) => `${name} = ${number}`),
});

const tellService = ({ methods }: DescService): object => ({
  methods: methods.map(({ name, methodKind, input, output, idempotency }) => ({
    ...{ name, methodKind, idempotency, input: input.typeName, output: output.typeName },
  })),
});
