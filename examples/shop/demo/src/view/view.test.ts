import assert from 'node:assert/strict';
import { PolicyTally } from '../measure/policy-tally.js';
import { summarize } from '../measure/phase-summary.js';
import { phaseTable } from './table.js';
import { createView, type Output } from './view.js';

const ESCAPE = '\u001b';

/** A terminal of the simplest kind: what stands on it after text with the few sequences that the view uses. */
class Screen implements Output {
  readonly isTTY: boolean;
  readonly columns = 20;
  readonly rows: string[] = [''];
  private row = 0;

  constructor(isTTY = true) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    for (const part of text.split(ESCAPE)) {
      // Every part but the first begins with what followed an escape: a sequence, then plain text.
      const [, count = '', command = ''] = (part.startsWith('[') ? /^\[(\d*)([A-Za-z])/.exec(part) : null) ?? [];
      if (command === 'A') this.row -= Number(count);
      else if (command === 'J') this.rows.splice(this.row, this.rows.length, '');
      this.plain(command === '' ? part : part.slice(count.length + 2));
    }
  }

  private plain(text: string): void {
    for (const [index, line] of text.replaceAll('\r', '').split('\n').entries()) {
      if (index > 0) this.rows[(this.row += 1)] ??= '';
      if (line !== '') this.rows[this.row] = line;
    }
  }
}

describe('view', () => {
  it('writes plain lines and no status where there is no terminal', () => {
    const screen = new Screen(false);
    const view = createView(screen, () => 1234);
    view.event('one');
    view.status(['not shown']);
    view.block(['a', 'b']);
    view.close();
    assert.deepEqual(screen.rows, ['   1.2s  one', 'a', 'b', '']);
  });

  it('keeps the status below the events, redrawn in place', () => {
    const screen = new Screen();
    const view = createView(screen, () => 0);
    view.block(['first']);
    view.status(['status 1', 'more']);
    view.status(['status 2', 'more']);
    view.block(['second']);
    assert.deepEqual(screen.rows, ['first', 'second', 'status 2', 'more', '']);
    view.status(['shorter']);
    assert.deepEqual(screen.rows, ['first', 'second', 'shorter', '']);
    view.close();
    assert.deepEqual(screen.rows, ['first', 'second', '']);
  });

  it('cuts a status line that would wrap, or the way back up would be too short', () => {
    const screen = new Screen();
    createView(screen, () => 0).status(['x'.repeat(50)]);
    assert.deepEqual(screen.rows, ['x'.repeat(19), '']);
  });
});

describe('phase table', () => {
  it('has a line per phase, with failures by code and what turned calls away', () => {
    const tally = new PolicyTally();
    tally.record('burst', { type: 'rejected', policy: 'rate-limit', target: 'orders', method: 'PlaceOrder' });
    tally.record('burst', {
      type: 'breaker_transition',
      policy: 'circuit-breaker',
      target: 'x',
      method: '',
      to: 'open',
    });
    for (const to of ['half_open', 'closed'] as const)
      tally.record('burst', { type: 'breaker_transition', policy: 'circuit-breaker', target: 'x', method: '', to });
    tally.record('burst', { type: 'rejected', policy: 'circuit-breaker', target: 'x', method: 'Authorize' });
    const entry = { orderId: 'o', phase: 'burst', minorUnits: 1n, latencyMs: 12.6 };
    const entries = [
      { ...entry, answer: { told: 'charged' } as const },
      { ...entry, answer: { told: 'failed', code: 'INTERNAL' } as const },
      { ...entry, answer: { told: 'limited', code: 'RESOURCE_EXHAUSTED', retryAfterMs: 1 } as const },
    ];
    const [header, rule, row] = phaseTable([summarize('burst', entries, tally.of('burst'))]);
    assert.match(
      String(header),
      /^phase +calls +ok +deferred +declined +failed +rejected +retries +p50 ms +p99 ms +turned away by +breaker$/,
    );
    assert.match(String(rule), /^-+$/);
    assert.match(
      String(row),
      /^burst +3 +1 +0 +0 +1 INTERNAL +1 +0 +13 +13 +1 rate-limit, 1 breaker +1 open, 1 closed$/,
    );
  });

  it('shows what is not known as a dash', () => {
    const [, , row] = phaseTable([summarize('burst', [], new PolicyTally().of('burst'))]);
    assert.match(String(row), /^burst +0 +0 +0 +0 +0 +0 +0 +- +- +- +-$/);
  });
});
