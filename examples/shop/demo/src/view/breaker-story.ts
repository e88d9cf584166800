import type { PolicyReport } from '@breakwater-examples/shop-common';

/** What people are told of circuit breakers: while one stays open, its first failed probe, and then only how many there were. */
export class BreakerStory {
  private readonly failedProbes = new Map<string, number>();

  /** @returns a line to show, or undefined for what says nothing new */
  tell(process: string, { type, target, from, to, why }: PolicyReport): string | undefined {
    if (type !== 'breaker_transition') return undefined;
    // `consul:///payments shop.payments.v1.Payments/Authorize`: one package serves one method of that name here.
    const method = target.slice(target.lastIndexOf('.') + 1);
    const who = `${process}: circuit breaker of ${method}`;
    const line = `${who} ${from} -> ${to}: ${why}`;
    const failed = this.failedProbes.get(who) ?? 0;
    if (to === 'half_open') return failed === 0 ? line : undefined;
    if (from === 'half_open' && to === 'open') {
      this.failedProbes.set(who, failed + 1);
      return failed === 0 ? line : undefined;
    }
    this.failedProbes.delete(who);
    return to === 'closed' && failed > 1 ? `${line} after ${failed} that failed` : line;
  }
}
