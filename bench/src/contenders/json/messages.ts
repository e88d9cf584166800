import { REQUEST, RESPONSE } from '../workload.js';

/** The shop's request as a JSON service has it: the same fields, 64-bit numbers as JSON numbers, instants as text. */
export const JSON_REQUEST = {
  idempotencyKey: REQUEST.idempotencyKey,
  orderId: REQUEST.orderId,
  amount: { currencyCode: REQUEST.amount.currencyCode, minorUnits: Number(REQUEST.amount.minorUnits) },
  customerId: REQUEST.customerId,
  cardToken: REQUEST.source.value,
};

export const JSON_RESPONSE = {
  payment: {
    paymentId: RESPONSE.payment.paymentId,
    orderId: RESPONSE.payment.orderId,
    amount: JSON_REQUEST.amount,
    status: 'PAYMENT_STATUS_AUTHORIZED',
    chargeId: RESPONSE.payment.chargeId,
    createdAt: new Date(Number(RESPONSE.payment.createdAt.seconds) * 1000).toISOString(),
  },
};

const text = { type: 'string' };

/** JSON schema of the response: fastify serializes by it. */
export const RESPONSE_SCHEMA = {
  type: 'object',
  properties: {
    payment: {
      type: 'object',
      properties: {
        paymentId: text,
        orderId: text,
        amount: { type: 'object', properties: { currencyCode: text, minorUnits: { type: 'integer' } } },
        status: text,
        chargeId: text,
        createdAt: text,
      },
    },
  },
};
