import type { Report } from './report.js';
import { tables } from './tables.js';

const BEGIN = '<!-- figures: written by `npm run bench -- --render`, not by hand -->';
const END = '<!-- end of figures -->';

/**
 * Puts the tables of a report into a Markdown text, between its two marks; all else stays as it is.
 * @throws Error when the marks are missing or in the wrong order
 */
export function withFigures(text: string, report: Report): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the text needs the line "${BEGIN}" and, below it, "${END}"`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${tables(report)}\n\n${text.slice(end)}`;
}
