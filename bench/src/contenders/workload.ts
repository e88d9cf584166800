import type { AuthorizeRequest, AuthorizeResponse } from '@breakwater/contracts/shop/payments/v1';
import type { InputOf } from '@breakwater/rpc';
import type { Entry } from '../gen/bench/v1/load.pb.js';

/** About 220 bytes each way, with the field types that services have: text, int64, enum, timestamp, nested, oneof. */
export const REQUEST = {
  idempotencyKey: 'order-7f3c9a52-1d1e-4c8b-9f0a-2b6d8e1f4a77',
  orderId: 'order-7f3c9a52-1d1e-4c8b-9f0a-2b6d8e1f4a77',
  amount: { currencyCode: 'EUR', minorUnits: 129_900n },
  customerId: 'customer-000000000000000000000042',
  source: { $case: 'cardToken' as const, value: 'tok_1N3T00LkdIwHu7ixt44h1F8kPq' },
} satisfies InputOf<typeof AuthorizeRequest>;

export const RESPONSE = {
  payment: {
    paymentId: 'payment-3b0c4d6a-6c52-4f27-8f0e-9d4f0f6f2f11',
    orderId: REQUEST.orderId,
    amount: REQUEST.amount,
    status: 1,
    chargeId: 'charge-1f0e9d4f0f6f2f113b0c4d6a',
    createdAt: { seconds: 1_790_000_000n, nanos: 123_456_789 },
  },
} satisfies InputOf<typeof AuthorizeResponse>;

/** What response streams are made of: as large and as mixed as a unary response. */
export const ENTRY = {
  entryId: 'entry-3b0c4d6a-6c52-4f27-8f0e-9d4f0f6f2f11',
  accountId: 'account-7f3c9a52-1d1e-4c8b-9f0a-2b6d8e1f4a77',
  amount: { currencyCode: 'EUR', minorUnits: 129_900n },
  state: 1,
  bookedAtUs: 1_790_000_000_123_456n,
  text: 'Invoice 2026-11-0042, thank you for your order; charge-1f0e9d4f0f6f2f113b0c4d6a',
} satisfies InputOf<typeof Entry>;

/** What one side says on a bidirectional stream. */
export const PING = Buffer.from('a message of a chat or a game: few bytes, and somebody waits for the answer');

/** What every contender sends with each call. */
export const TIMEOUT_MS = 5000;
export const METADATA = { 'x-request-id': '0af7651916cd43dd8448eb211c80319c' };

export const HOST = '127.0.0.1';
export const SERVICE = 'payments';
