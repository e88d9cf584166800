import { ConnectionError, ErrorCode } from './error-code.js';

/** Frames without work in them that a peer may send in one period, beyond what its calls earn. */
const ALLOWED_PER_PERIOD = 10_000;
const PERIOD_MS = 10_000;

/**
 * Bounds what a peer can make this side do without asking for anything: PING, SETTINGS, PRIORITY, empty DATA and unknown
 * frames cost little each, and nothing else limits them. Calls and payload earn what a well-behaved peer needs.
 * Looks at the clock only when a peer has used up its allowance.
 */
export class AbuseBudget {
  private spent = 0;
  private periodFrom = Number.NEGATIVE_INFINITY;

  constructor(private readonly now: () => number) {}

  /** @throws ConnectionError ENHANCE_YOUR_CALM naming the last frame */
  spend(what: string, cost = 1): void {
    this.spent += cost;
    if (this.spent < ALLOWED_PER_PERIOD) return;
    const now = this.now();
    if (now - this.periodFrom < PERIOD_MS) {
      const limit = `${ALLOWED_PER_PERIOD} frames without work in ${PERIOD_MS / 1000} s`;
      throw new ConnectionError(ErrorCode.enhanceYourCalm, `more than ${limit}, the last of them ${what}`);
    }
    this.periodFrom = now;
    this.spent = 0;
  }

  earn(credit: number): void {
    if (this.spent > 0) this.spent = Math.max(0, this.spent - credit);
  }
}
