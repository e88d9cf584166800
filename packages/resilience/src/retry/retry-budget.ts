import { ConfigError, requireKnownKeys, requireNumber } from '@breakwater/core';

export interface RetryBudgetOptions {
  /** Retries earned per call, 0 to 1, to three decimals. Default 0.1. */
  readonly ratio?: number | undefined;
  /** Retries there are before the first call; given once, never refilled by time. Default 10. */
  readonly reserveTokens?: number | undefined;
  /** How many unused retries can be saved up. Default 100: what 1,000 calls earn. */
  readonly maxTokens?: number | undefined;
}

export interface RetryBudgetSettings {
  readonly ratio: number;
  readonly reserveTokens: number;
  readonly maxTokens: number;
}

export const RETRY_BUDGET_DEFAULTS: RetryBudgetSettings = Object.freeze({
  ratio: 0.1,
  reserveTokens: 10,
  maxTokens: 100,
});

/** Ten deposits of 0.1 in floating point are less than 1; thousandths in whole numbers are exact. */
const THOUSANDTHS = 1000;

/** Validates and fills in. @throws ConfigError naming field, value and range */
export function resolveRetryBudget(options: RetryBudgetOptions = {}, field = 'retry.budget'): RetryBudgetSettings {
  requireKnownKeys(field, options, Object.keys(RETRY_BUDGET_DEFAULTS));
  const ratio = requireNumber(`${field}.ratio`, options.ratio ?? RETRY_BUDGET_DEFAULTS.ratio, { min: 0, max: 1 });
  const reserveTokens = requireNumber(
    `${field}.reserveTokens`,
    options.reserveTokens ?? RETRY_BUDGET_DEFAULTS.reserveTokens,
    {
      min: 0,
      max: 1_000_000,
      integer: true,
    },
  );
  const maxTokens = requireNumber(
    `${field}.maxTokens`,
    options.maxTokens ?? Math.max(RETRY_BUDGET_DEFAULTS.maxTokens, reserveTokens),
    { min: 1, max: 1_000_000, integer: true },
  );
  if (maxTokens < reserveTokens) {
    const rule = `${field}.maxTokens is ${maxTokens}, but must be at least ${field}.reserveTokens (${reserveTokens}): the reserve has to fit`;
    throw ConfigError.rule(`${field}.maxTokens`, maxTokens, rule);
  }
  return Object.freeze({ ratio, reserveTokens, maxTokens });
}

/**
 * Bounds retries to a part of the calls: however long and however badly a target fails,
 * `retries <= reserveTokens + ratio * calls`. Without it three attempts turn an outage into three times the load.
 * Share one per target. Holds no clock: an idle client earns nothing.
 *
 * @throws ConfigError for settings out of range
 * @see Finagle `RetryBudget` (deposit and withdraw); Site Reliability Engineering, chapter 21 (10 %)
 */
export class RetryBudget {
  readonly settings: RetryBudgetSettings;
  private balance: number;
  private readonly earned: number;
  private readonly ceiling: number;

  constructor(options: RetryBudgetOptions = {}) {
    this.settings = resolveRetryBudget(options);
    // Rounded down, so that the bound holds for ratios with more than three decimals too.
    this.earned = Math.floor(this.settings.ratio * THOUSANDTHS + 1e-9);
    this.ceiling = this.settings.maxTokens * THOUSANDTHS;
    this.balance = this.settings.reserveTokens * THOUSANDTHS;
  }

  /** One call has begun. */
  deposit(): void {
    this.balance = Math.min(this.ceiling, this.balance + this.earned);
  }

  /** Takes one retry. @returns false, and takes nothing, when there is none left */
  withdraw(): boolean {
    if (this.balance < THOUSANDTHS) return false;
    this.balance -= THOUSANDTHS;
    return true;
  }

  /** Retries that could be taken now, with a fraction. */
  get tokens(): number {
    return this.balance / THOUSANDTHS;
  }
}
