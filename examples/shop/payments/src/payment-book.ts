import { shop } from '@breakwater/contracts';
import { msOf, SharedJournal } from '@breakwater-examples/shop-common';

const PaymentMessage = shop.payments.v1.Payment;
type Payment = shop.payments.v1.Payment;

/** A line of a payments journal: a payment as it stood at that moment, in the JSON form of its message. */
export interface PaymentRecord {
  readonly at: number;
  readonly payment: unknown;
}

export interface ListQuery {
  readonly orderId?: string | undefined;
  /** Wall clock, ms since 1970. */
  readonly sinceMs?: number | undefined;
  /** 0: no limit. */
  readonly limit: number;
}

/**
 * What this service has seen of payments, for people who want a list. The truth is in the bank's books; this can lag behind
 * when an instance died between the bank's answer and its own note of it.
 */
export class PaymentBook {
  private readonly payments = new Map<string, { readonly at: number; readonly payment: Payment }>();
  private journal: SharedJournal<PaymentRecord> | undefined;

  /** @param folder shared by the instances of the service @param instance unique in it */
  static async open(folder: string, instance: string): Promise<PaymentBook> {
    const book = new PaymentBook();
    book.journal = await SharedJournal.open<PaymentRecord>({
      folder,
      instance,
      kind: 'payments',
      apply: (record) => book.apply(record),
    });
    return book;
  }

  /** Settles when the payment is on the disk. */
  async put(payment: Payment): Promise<void> {
    await this.journal?.append({ at: Date.now(), payment: PaymentMessage.toJSON(payment) });
  }

  /** Payments of all instances, oldest first. */
  async list({ orderId, sinceMs = 0, limit }: ListQuery): Promise<readonly Payment[]> {
    await this.journal?.refresh();
    const found = [...this.payments.values()]
      .map(({ payment }) => payment)
      .filter((payment) => (orderId === undefined || payment.orderId === orderId) && createdMs(payment) >= sinceMs)
      .sort((a, b) => createdMs(a) - createdMs(b));
    return limit === 0 ? found : found.slice(0, limit);
  }

  async close(): Promise<void> {
    await this.journal?.close();
  }

  /** Two instances may have noted one payment, when a call was repeated: the later note holds. */
  private apply({ at, payment: json }: PaymentRecord): void {
    const payment = PaymentMessage.fromJSON(json);
    const before = this.payments.get(payment.paymentId);
    if (before === undefined || before.at <= at) this.payments.set(payment.paymentId, { at, payment });
  }
}

const createdMs = ({ createdAt }: Payment): number => (createdAt === undefined ? 0 : msOf(createdAt));
