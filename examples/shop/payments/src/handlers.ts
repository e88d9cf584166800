import { Code, RpcError } from '@breakwater/core';
import { shop } from '@breakwater/contracts';
import { invalid, msOf, requireAmount, requireText } from '@breakwater-examples/shop-common';
import type { PaymentBook } from './payment-book.js';

const { PaymentStatus } = shop.payments.v1;
const { ChargeStatus } = shop.bank.v1;
type Charge = shop.bank.v1.Charge;
type Payment = shop.payments.v1.Payment;

const PREFIX = 'pay_';

/**
 * The payments' side of the contract. An instance keeps nothing that another one would need: the id of a payment is made
 * of its idempotency key, under which the bank finds the charge again.
 */
export const paymentsHandlers = (
  bank: shop.bank.v1.BankClient,
  book: PaymentBook,
): shop.payments.v1.PaymentsServer => ({
  async authorize(request) {
    const idempotencyKey = requireText('idempotency_key', request.idempotencyKey);
    const orderId = requireText('order_id', request.orderId);
    const amount = requireAmount('amount', request.amount);
    if (request.source === undefined) throw invalid('source', 'must be a card_token, an iban or a voucher_code');
    const { charge } = await asked(bank.charge({ idempotencyKey, amount, reference: orderId, source: request.source }));
    const payment = toPayment(required(charge));
    await book.put(payment);
    return { payment };
  },

  async refund(request) {
    const idempotencyKey = requireText('idempotency_key', request.idempotencyKey);
    const paymentId = requireText('payment_id', request.paymentId, 128 + PREFIX.length);
    const found = paymentId.startsWith(PREFIX)
      ? await asked(bank.getCharge({ key: { $case: 'idempotencyKey', value: paymentId.slice(PREFIX.length) } }))
      : undefined;
    if (found?.charge === undefined)
      throw new RpcError(Code.NOT_FOUND, `no payment ${paymentId}`, { reason: 'NO_PAYMENT' });
    const { charge } = await asked(
      bank.refundCharge({ idempotencyKey, chargeId: found.charge.chargeId, amount: request.amount }),
    );
    const payment = toPayment(required(charge));
    await book.put(payment);
    return { payment };
  },

  async *listPayments({ orderId, since, limit }, context) {
    const payments = await book.list({ orderId, sinceMs: since === undefined ? undefined : msOf(since), limit });
    for (const payment of payments) {
      if (context.cancelled) return;
      yield { payment };
    }
  },
});

/** The bank's answer; its verdicts on the request reach our own caller as they are, its troubles do not. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RpcError && FORWARDED.has(error.code)) throw RpcError.forward(error);
    throw error;
  }
}

const FORWARDED: ReadonlySet<Code> = new Set([Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.FAILED_PRECONDITION]);

function required(charge: Charge | undefined): Charge {
  if (charge === undefined) throw new Error('the bank answered without a charge');
  return charge;
}

function toPayment(charge: Charge): Payment {
  const charged = charge.status === ChargeStatus.CHARGED;
  const repaid = charge.refunded !== undefined && charge.refunded.minorUnits === charge.amount?.minorUnits;
  return {
    paymentId: `${PREFIX}${charge.idempotencyKey}`,
    orderId: charge.reference,
    amount: charge.amount,
    status: charged ? (repaid ? PaymentStatus.REFUNDED : PaymentStatus.AUTHORIZED) : PaymentStatus.DECLINED,
    chargeId: charged ? charge.chargeId : undefined,
    declineReason: charge.declineReason,
    createdAt: charge.chargedAt,
    refunded: charge.refunded,
  };
}
