export { paymentsHandlers } from './handlers.js';
export { PaymentBook, type ListQuery, type PaymentRecord } from './payment-book.js';
