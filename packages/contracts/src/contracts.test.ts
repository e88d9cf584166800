import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { fromBinary, isFieldSet } from '@bufbuild/protobuf';
import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import { Money } from './gen/shop/money/v1/money.pb.js';
import { OrdersDefinition, PaymentStatus as OrderPaymentStatus } from './gen/shop/orders/v1/orders.pb.js';
import { PaymentsDefinition, PaymentStatus } from './gen/shop/payments/v1/payments.pb.js';

/** The descriptors of every proto of the shop, from the compiled modules beside this one. */
const loadFiles = async (): Promise<readonly FileDescriptorProto[]> => {
  const root = new URL('./gen/shop/', import.meta.url);
  const modules = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.descriptor.js'));
  return Promise.all(
    modules.map(async (name) => {
      const { $file } = (await import(new URL(name, root).href)) as { readonly $file: { readonly base64: string } };
      return fromBinary(FileDescriptorProtoSchema, Buffer.from($file.base64, 'base64'));
    }),
  );
};

const FILES = await loadFiles();

const messages = (types: readonly DescriptorProto[]): readonly DescriptorProto[] =>
  types.flatMap((type) => [type, ...messages(type.nestedType)]);

describe('the contracts of the shop', () => {
  it('say of every RPC whether it may be repeated', () => {
    assert.ok(FILES.some((file) => file.service.length > 0));
    for (const file of FILES) {
      for (const service of file.service) {
        for (const method of service.method) {
          const { options } = method;
          assert.ok(
            options !== undefined && isFieldSet(options, MethodOptionsSchema.field.idempotencyLevel),
            `${file.package}.${service.name}/${method.name} has no idempotency_level`,
          );
        }
      }
    }
  });

  it('carry the level into the definitions that clients read', () => {
    assert.equal(PaymentsDefinition.methods.authorize.options.idempotencyLevel, 'IDEMPOTENT');
    assert.equal(OrdersDefinition.methods.getOrder.options.idempotencyLevel, 'NO_SIDE_EFFECTS');
  });

  it('use all four kinds of RPC', () => {
    const kinds = new Set(
      FILES.flatMap((file) => file.service).flatMap((service) =>
        service.method.map((method) => `${method.clientStreaming}/${method.serverStreaming}`),
      ),
    );
    assert.deepEqual([...kinds].sort(), ['false/false', 'false/true', 'true/false', 'true/true']);
  });

  it('never hold money in a floating point number', () => {
    const withMoney = FILES.filter((file) => file.dependency.includes('shop/money/v1/money.proto'));
    assert.ok(withMoney.length > 0);
    for (const file of withMoney) {
      for (const message of messages(file.messageType)) {
        for (const field of message.field) {
          assert.ok(
            field.type !== FieldDescriptorProto_Type.DOUBLE && field.type !== FieldDescriptorProto_Type.FLOAT,
            `${message.name}.${field.name}`,
          );
        }
      }
    }
  });

  it('carry amounts beyond 2^53 minor units unchanged', () => {
    const given = { minorUnits: 9_007_199_254_740_993n, currencyCode: 'IDR' };
    assert.deepEqual({ ...Money.decode(Money.encode(given).finish()) }, given);
  });

  it('know a payment that is deferred only where an order is concerned', () => {
    assert.equal(OrderPaymentStatus.DEFERRED, 2);
    assert.equal('DEFERRED' in PaymentStatus, false);
  });
});
