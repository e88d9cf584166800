import { setTimeout as wait } from 'node:timers/promises';
import { Code, RpcError } from '@breakwater/core';
import type { shop } from '@breakwater/contracts';
import { invalid, requireAmount, requireText } from '@breakwater-examples/shop-common';
import type { ChargeBook } from './charge-book.js';

type ChargeRequest = shop.bank.v1.ChargeRequest;

export interface BankOptions {
  /** How long the provider thinks about a charge before it books it, in ms; spread by a fifth either way. */
  readonly thinkMs: number;
}

/** The bank's side of the contract. */
export const bankHandlers = (book: ChargeBook, { thinkMs }: BankOptions): shop.bank.v1.BankServer => ({
  async charge(request) {
    const order = {
      idempotencyKey: requireText('idempotency_key', request.idempotencyKey),
      amount: requireAmount('amount', request.amount),
      reference: request.reference,
      declineReason: declineReason(request),
    };
    // Thinking goes on when the caller has hung up, as it would at a provider: the charge is booked all the same.
    if (thinkMs > 0) await wait(thinkMs * (0.8 + 0.4 * Math.random()));
    return await book.charge(order);
  },

  async refundCharge(request) {
    return await book.refund({
      idempotencyKey: requireText('idempotency_key', request.idempotencyKey),
      chargeId: requireText('charge_id', request.chargeId),
      amount: request.amount === undefined ? undefined : requireAmount('amount', request.amount),
    });
  },

  async getCharge({ key }) {
    if (key === undefined) throw invalid('key', 'must be a charge_id or an idempotency_key');
    const charge = key.$case === 'chargeId' ? book.byId(key.value) : await book.byKey(key.value);
    if (charge === undefined)
      throw new RpcError(Code.NOT_FOUND, `no charge with ${key.$case === 'chargeId' ? 'id' : 'key'} ${key.value}`, {
        reason: 'NO_CHARGE',
      });
    return { charge };
  },
});

/** A provider's test cards: sources whose name begins with `declined` or `empty` are declined. */
function declineReason({ source }: ChargeRequest): string | undefined {
  if (source === undefined) throw invalid('source', 'must be a card_token, an iban or a voucher_code');
  const name = requireText('source', source.value);
  if (name.startsWith('declined')) return 'do not honour';
  return name.startsWith('empty') ? 'insufficient funds' : undefined;
}
