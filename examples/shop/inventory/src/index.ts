export { inventoryHandlers } from './handlers.js';
export { Stock } from './stock.js';
export type { Level, ShortLine, StockLine, StockRecord, StockResult } from './stock-record.js';
export { Warehouse, type StockCommand } from './warehouse.js';
