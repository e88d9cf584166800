import { shop } from '@breakwater/contracts';
import { invalid, requireAmount, requireText, timestampOf } from '@breakwater-examples/shop-common';

type Order = shop.orders.v1.Order;
type OrderLine = shop.orders.v1.OrderLine;
type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;
type Money = shop.money.v1.Money;
type AuthorizeRequest = shop.payments.v1.AuthorizeRequest;

const { OrderStatus, PaymentStatus } = shop.orders.v1;
const MAX_LINES = 100;

/** The order that a request asks for, not arranged yet. @throws RpcError INVALID_ARGUMENT naming the field */
export function newOrder(request: PlaceOrderRequest): Order {
  const orderId = requireText('order_id', request.orderId);
  requireText('customer_id', request.customerId);
  sourceOf(request);
  const now = timestampOf(Date.now());
  return {
    orderId,
    customerId: request.customerId,
    lines: request.lines,
    total: totalOf(request.lines),
    status: OrderStatus.PENDING,
    paymentStatus: PaymentStatus.NONE,
    paymentId: undefined,
    rejectionReason: undefined,
    placedAt: now,
    updatedAt: now,
  };
}

/** Where the money comes from, in the words of the payments contract. @throws RpcError INVALID_ARGUMENT */
export function sourceOf({ paymentMethod }: PlaceOrderRequest): NonNullable<AuthorizeRequest['source']> {
  const method = paymentMethod?.method;
  if (method === undefined) throw invalid('payment_method', 'must be a card_token, a bank_account or a voucher_code');
  switch (method.$case) {
    case 'cardToken':
      return { $case: 'cardToken', value: requireText('payment_method.card_token', method.value) };
    case 'voucherCode':
      return { $case: 'voucherCode', value: requireText('payment_method.voucher_code', method.value) };
    case 'bankAccount':
      return { $case: 'iban', value: requireText('payment_method.bank_account.iban', method.value.iban, 34) };
  }
}

function totalOf(lines: readonly OrderLine[]): Money {
  if (lines.length === 0) throw invalid('lines', 'must not be empty');
  if (lines.length > MAX_LINES)
    throw invalid('lines', `has ${lines.length} entries, but may have at most ${MAX_LINES}`);
  let minorUnits = 0n;
  let currencyCode: string | undefined;
  for (const [index, { sku, quantity, unitPrice }] of lines.entries()) {
    requireText(`lines[${index}].sku`, sku);
    if (quantity < 1) throw invalid(`lines[${index}].quantity`, `is ${quantity}, but must be at least 1`);
    const price = requireAmount(`lines[${index}].unit_price`, unitPrice);
    currencyCode ??= price.currencyCode;
    if (price.currencyCode !== currencyCode)
      throw invalid(
        `lines[${index}].unit_price.currency_code`,
        `is ${price.currencyCode}, but the order began in ${currencyCode}`,
      );
    minorUnits += price.minorUnits * BigInt(quantity);
  }
  return { minorUnits, currencyCode: currencyCode ?? '' };
}
