import assert from 'node:assert/strict';
import { barChart } from './bar-chart.js';

const chart = {
  title: 'A & B <now>',
  subtitle: 'calls/s',
  parts: [],
  bars: [
    { label: 'first', values: [10], highlighted: true },
    { label: 'second', values: [5], highlighted: false },
  ],
  format: String,
};

const widths = (svg: string): readonly string[] =>
  [...svg.matchAll(/<rect x[^>]* width="([\d.]+)"/g)].map(([, w]) => w ?? '');

describe('a bar chart', () => {
  it('is the same text for the same figures, and well-formed whatever the labels say', () => {
    const svg = barChart(chart);
    assert.equal(svg, barChart({ ...chart }));
    assert.match(svg, /A &amp; B &lt;now&gt;/);
    assert.match(svg, /^<svg [^]*<\/svg>\n$/);
  });

  it('draws lengths in proportion to the longest bar, parts end to end', () => {
    const [first, second] = widths(barChart(chart)).map(Number);
    assert.equal((first ?? 0) / (second ?? 1), 2);
    const stacked = {
      ...chart,
      parts: ['client', 'server'],
      bars: [{ label: 'x', values: [3, 1], highlighted: true }],
    };
    const parts = widths(barChart(stacked)).map(Number);
    assert.ok(Math.abs((parts[0] ?? 0) + (parts[1] ?? 0) - (first ?? 0)) < 0.02);
    assert.match(barChart(stacked), /client \+ server[^]*3 \+ 1/);
  });

  it('of nothing, and of zeros, has no bars of strange lengths', () => {
    assert.doesNotMatch(barChart({ ...chart, bars: [] }), /NaN|Infinity/);
    assert.doesNotMatch(
      barChart({ ...chart, bars: [{ label: 'x', values: [0], highlighted: false }] }),
      /NaN|Infinity/,
    );
  });
});
