import assert from 'node:assert/strict';
import { fromBinary, isFieldSet } from '@bufbuild/protobuf';
import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import { $file as bank } from './gen/shop/bank/v1/bank.descriptor.js';
import { $file as inventory } from './gen/shop/inventory/v1/inventory.descriptor.js';
import { Money } from './gen/shop/money/v1/money.pb.js';
import { PaymentStatus as OrderPaymentStatus, OrdersDefinition } from './gen/shop/orders/v1/orders.pb.js';
import { $file as orders } from './gen/shop/orders/v1/orders.descriptor.js';
import { $file as payments } from './gen/shop/payments/v1/payments.descriptor.js';
import { PaymentsDefinition, PaymentStatus } from './gen/shop/payments/v1/payments.pb.js';

const parse = ({ base64 }: { readonly base64: string }): FileDescriptorProto =>
  fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, 'base64'));

const FILES = [orders, payments, inventory, bank].map(parse);

const messages = (types: readonly DescriptorProto[]): readonly DescriptorProto[] =>
  types.flatMap((type) => [type, ...messages(type.nestedType)]);

describe('the contracts of the shop', () => {
  it('say of every RPC whether it may be repeated', () => {
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
    for (const file of FILES) {
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
