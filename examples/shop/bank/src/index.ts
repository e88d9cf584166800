export { ChargeBook, type Booking, type ChargeBookOptions, type ChargeOrder, type RefundOrder } from './charge-book.js';
export { type BankRecord, type ChargeRecord, type RefundRecord } from './charge-record.js';
export { bankHandlers, type BankOptions } from './handlers.js';
