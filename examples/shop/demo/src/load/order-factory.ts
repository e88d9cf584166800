import type { shop } from '@breakwater/contracts';

type PlaceOrderRequest = shop.orders.v1.PlaceOrderRequest;

/** Articles that the demo's warehouse keeps in stock, with their price in cents. */
export const ARTICLES: readonly { readonly sku: string; readonly priceCents: number }[] = [
  { sku: 'lamp', priceCents: 4900 },
  { sku: 'chair', priceCents: 12_900 },
  { sku: 'mug', priceCents: 1250 },
  { sku: 'rope-10m', priceCents: 1990 },
  { sku: 'anchor', priceCents: 7800 },
];

/** An article that is ordered and never there. */
export const SOLD_OUT = 'golden-fleece';

/** Every so many orders: one for what is sold out, and one with a card that the bank declines. */
const SOLD_OUT_EVERY = 37;
const DECLINED_EVERY = 29;

export interface FactoryOptions {
  /** In front of every id: two runs never share one. */
  readonly run: string;
}

/** Makes orders: mostly good ones, and in a fixed rhythm some that the shop must turn down. */
export class OrderFactory {
  private made = 0;

  constructor(private readonly options: FactoryOptions) {}

  next(): PlaceOrderRequest {
    this.made += 1;
    const { made } = this;
    const article =
      made % SOLD_OUT_EVERY === 0 ? { sku: SOLD_OUT, priceCents: 99_900 } : ARTICLES[made % ARTICLES.length];
    if (article === undefined) throw new Error('no articles');
    return {
      orderId: `${this.options.run}-${String(made).padStart(6, '0')}`,
      customerId: `customer-${made % 50}`,
      lines: [
        {
          sku: article.sku,
          quantity: 1 + (made % 3),
          unitPrice: { minorUnits: BigInt(article.priceCents), currencyCode: 'EUR' },
        },
      ],
      paymentMethod: paymentMethod(made),
      note: undefined,
      labels: {},
    };
  }
}

function paymentMethod(made: number): PlaceOrderRequest['paymentMethod'] {
  if (made % DECLINED_EVERY === 0) return { method: { $case: 'cardToken', value: 'declined-card' } };
  if (made % 7 === 0)
    return { method: { $case: 'bankAccount', value: { iban: 'DE02120300000000202051', holder: 'J. Doe' } } };
  return { method: { $case: 'cardToken', value: `card-${made % 50}` } };
}
