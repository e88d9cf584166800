/** One bar, of one or more parts laid end to end. */
export interface Bar {
  readonly label: string;
  readonly values: readonly number[];
  /** Ours: told apart by colour. */
  readonly highlighted: boolean;
}

export interface BarChart {
  readonly title: string;
  /** What the bars measure, and of which run. */
  readonly subtitle: string;
  /** Names of the parts, when bars have several. */
  readonly parts: readonly string[];
  readonly bars: readonly Bar[];
  readonly format: (value: number) => string;
}

const WIDTH = 1060;
const LABEL_WIDTH = 540;
const VALUE_WIDTH = 120;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 16;
const TOP = 72;
const MARGIN = 16;
const BAR_ROOM = WIDTH - LABEL_WIDTH - VALUE_WIDTH - 2 * MARGIN;

/** By part; the first of each pair is ours. */
const COLOURS = [
  ['#1f6feb', '#8c959f'],
  ['#79b8ff', '#c9d1d9'],
] as const;

/** Lengths with two decimals: the same figures give the same bytes on every machine. */
const px = (value: number): string => value.toFixed(2);

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${px(x)}" y="${px(y)}"${attributes}>${escape(content)}</text>`;

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

function row({ label, values, highlighted }: Bar, index: number, longest: number, format: BarChart['format']): string {
  const y = TOP + index * ROW_HEIGHT;
  const baseline = y + BAR_HEIGHT - 4;
  let x = MARGIN + LABEL_WIDTH;
  const parts = values.map((value, part) => {
    const width = longest > 0 ? (Math.max(0, value) / longest) * BAR_ROOM : 0;
    const colour = COLOURS[part % COLOURS.length]?.[highlighted ? 0 : 1] ?? '';
    const drawn = `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${BAR_HEIGHT}" fill="${colour}"/>`;
    x += width;
    return drawn;
  });
  return [
    text(MARGIN + LABEL_WIDTH - 8, baseline, label, ` text-anchor="end"${highlighted ? ' font-weight="bold"' : ''}`),
    ...parts,
    text(x + 6, baseline, values.map(format).join(' + ')),
  ].join('\n');
}

/** Horizontal bars as an SVG of its own: fonts and colours are in the file, nothing is loaded. */
export function barChart({ title, subtitle, parts, bars, format }: BarChart): string {
  const longest = Math.max(0, ...bars.map(({ values }) => sum(values)));
  const height = TOP + bars.length * ROW_HEIGHT + MARGIN;
  const legend = parts.length > 1 ? `; ${parts.join(' + ')}` : '';
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN, 28, title, ' font-size="18" font-weight="bold"'),
    text(MARGIN, 50, `${subtitle}${legend}`, ' fill="#59636e"'),
    ...bars.map((bar, index) => row(bar, index, longest, format)),
    '</svg>',
  ].join('\n')}\n`;
}
