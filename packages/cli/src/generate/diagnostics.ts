import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../errors.js';

/** protoc names files by absolute path; below the working directory the relative one is shorter and as good. */
const shorten = (line: string, cwd: string): string =>
  line.startsWith(cwd + path.sep) ? line.slice(cwd.length + 1) : line;

const LOCATED = /^(.+?\.proto):(\d+):(\d+): (.*)$/;
const NOT_FOUND = /^(.+): File not found\.$/;

const readFirst = async (file: string, dirs: readonly string[]): Promise<string | undefined> => {
  for (const dir of dirs) {
    try {
      return await readFile(path.resolve(dir, file), 'utf8');
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
};

/** protoc counts bytes, and a tab as a jump to the next multiple of eight; the caret must stand below the same text. */
const caretLine = (source: string, column: number): string => {
  let width = 0;
  let indent = '';
  for (const character of source) {
    if (width >= column - 1) break;
    width = character === '\t' ? (Math.floor(width / 8) + 1) * 8 : width + Buffer.byteLength(character);
    indent += character === '\t' ? '\t' : ' ';
  }
  return `${indent}^`;
};

const withSource = async (line: string, dirs: readonly string[]): Promise<readonly string[]> => {
  const match = LOCATED.exec(line);
  if (match === null) return [line];
  const [, file = '', row = '', column = ''] = match;
  const source = (await readFirst(file, dirs))?.split(/\r?\n/)[Number(row) - 1];
  if (source === undefined || source.trim() === '') return [line];
  return [line, `    ${source}`, `    ${caretLine(source, Number(column))}`];
};

const PROTO2_HABIT = /Expected "required", "optional", or "repeated"\.$/;
const WELL_KNOWN =
  /"(google\.protobuf\.(?:(Timestamp|Duration|Any|Empty|Struct|FieldMask)|(\w*Value)))" is not defined\.$/;

/** Two mistakes of which protoc names the consequence only. */
const hintFor = (lines: readonly string[]): string | undefined => {
  if (lines.some((line) => PROTO2_HABIT.test(line)))
    return 'A file that does not begin with syntax = "proto3"; is read as proto2.';
  for (const line of lines) {
    const [, type, own, other] = WELL_KNOWN.exec(line) ?? [];
    if (type === undefined) continue;
    const file =
      own?.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase() ??
      (other === 'Value' || other === 'ListValue' || other === 'NullValue' ? 'struct' : 'wrappers');
    return `${type} needs import "google/protobuf/${file}.proto"; at the top of the file.`;
  }
  return undefined;
};

/** The lines protoc printed, with file names relative to `cwd` where they can be. */
export const protocLines = (stderr: string, cwd: string): readonly string[] =>
  stderr
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => shorten(line, cwd));

/**
 * Turns what protoc printed into one readable error: each `file:line:column` followed by that line of the
 * source with a caret, and for an import that was not found the folders searched and the option to add.
 *
 * @param dirs where protoc searched @param cwd what file names are shown relative to
 */
export const explainProtocOutput = async (stderr: string, dirs: readonly string[], cwd: string): Promise<CliError> => {
  const lines = protocLines(stderr, cwd);
  const missing = lines.flatMap((line) => NOT_FOUND.exec(line)?.[1] ?? []);
  const shown: string[] = [];
  for (const line of lines) shown.push(...(await withSource(line, [cwd, ...dirs])));
  const summary = missing.length > 0 ? `cannot find the imported ${missing.join(', ')}` : 'the protos do not compile';
  const remedy =
    missing.length > 0
      ? `Searched:\n${dirs.map((dir) => `  ${dir}`).join('\n')}\nAdd --include DIR, where DIR/${missing[0]} exists.`
      : (hintFor(lines) ?? 'Correct the lines above and run the command again.');
  return new CliError([summary, ...shown.map((line) => `  ${line}`)].join('\n'), { remedy });
};
