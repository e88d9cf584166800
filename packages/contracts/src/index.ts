/**
 * Every proto package of the examples as a namespace: `shop.orders.v1.OrdersDefinition`.
 * One package alone is a subpath: `@breakwater/contracts/shop/orders/v1`.
 */
export * from './gen/index.js';
