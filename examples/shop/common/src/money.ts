import { Code, RpcError } from '@breakwater/core';
import type { shop } from '@breakwater/contracts';

type Money = shop.money.v1.Money;

/** `amount`, when it is more than nothing in a currency. @throws RpcError INVALID_ARGUMENT naming the field */
export function requireAmount(field: string, amount: Money | undefined): Money {
  if (amount === undefined) throw invalid(field, 'must be set');
  if (amount.minorUnits <= 0n) throw invalid(`${field}.minor_units`, `is ${amount.minorUnits}, but must be above 0`);
  if (!/^[A-Z]{3}$/.test(amount.currencyCode))
    throw invalid(
      `${field}.currency_code`,
      `is ${JSON.stringify(amount.currencyCode)}, but must be an ISO 4217 code such as EUR`,
    );
  return amount;
}

/** `text`, when it has 1 to `max` characters. @throws RpcError INVALID_ARGUMENT naming the field */
export function requireText(field: string, text: string, max = 128): string {
  if (text === '') throw invalid(field, 'must not be empty');
  if (text.length > max) throw invalid(field, `has ${text.length} characters, but may have at most ${max}`);
  return text;
}

/** The error for a field of a request that cannot be used. */
export const invalid = (field: string, problem: string): RpcError =>
  new RpcError(Code.INVALID_ARGUMENT, `${field} ${problem}`, { reason: 'INVALID_FIELD' });

/** `19.99 EUR`, for logs and messages. */
export const showMoney = ({ minorUnits, currencyCode }: Money): string =>
  `${minorUnits / 100n}.${String(minorUnits % 100n).padStart(2, '0')} ${currencyCode}`;
