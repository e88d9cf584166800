export { ordersHandlers } from './handlers.js';
export { OrderBook } from './order-book.js';
export { OrderDesk, type Suppliers } from './order-desk.js';
export { isUnfinished, type OrderEntry, type OrderRecord, orderOf, requestOf } from './order-record.js';
export { Settler, type SettlerOptions } from './settler.js';
export { AUTHORIZE_POLICIES, createSuppliers, type SupplierTargets } from './suppliers.js';
