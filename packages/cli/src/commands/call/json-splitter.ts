import { CliError } from '../../errors.js';

/** One value of a stream of JSON, with the line it began on. */
export interface JsonPiece {
  readonly text: string;
  readonly line: number;
}

/**
 * Cuts text that arrives bit by bit into JSON values: one after the other (on a line each, or not), or the elements of one
 * array. A value is handed out as soon as it is complete.
 */
export class JsonSplitter {
  private readonly where: string;
  private text = '';
  private line = 1;
  private startLine = 1;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private array: 'unknown' | 'no' | 'open' | 'closed' = 'unknown';

  /** @param where what is read, for errors */
  constructor(where: string) {
    this.where = where;
  }

  *push(chunk: string): Iterable<JsonPiece> {
    for (const char of chunk) {
      const piece = this.take(char);
      if (piece !== undefined) yield piece;
      if (char === '\n') this.line += 1;
    }
  }

  /** @throws CliError when a value or the array is not complete */
  *end(): Iterable<JsonPiece> {
    if (this.inString || this.depth > 0) throw this.fault(`the value that begins in line ${this.startLine} has no end`);
    if (this.text !== '') yield this.cut();
    if (this.array === 'open') throw this.fault('the array has no end');
  }

  private take(char: string): JsonPiece | undefined {
    if (this.inString) return this.inText(char);
    if (this.text === '') return this.between(char);
    if (this.depth === 0 && /[\s,\]]/.test(char)) {
      // A bare value (a number, true) ends where something else begins.
      const piece = this.cut();
      this.between(char);
      return piece;
    }
    return this.append(char);
  }

  private between(char: string): JsonPiece | undefined {
    if (/\s/.test(char)) return undefined;
    if (this.array === 'closed') throw this.fault(`there is something behind the array in line ${this.line}`);
    if (this.array === 'unknown') {
      this.array = char === '[' ? 'open' : 'no';
      if (char === '[') return undefined;
    }
    if (char === ']' && this.array === 'open') {
      this.array = 'closed';
      return undefined;
    }
    if (char === ',' && this.array === 'open') return undefined;
    this.startLine = this.line;
    return this.append(char);
  }

  private append(char: string): JsonPiece | undefined {
    this.text += char;
    if (char === '"') this.inString = true;
    else if (char === '{' || char === '[') this.depth += 1;
    else if (char === '}' || char === ']') {
      this.depth -= 1;
      if (this.depth <= 0) return this.cut();
    }
    return undefined;
  }

  private inText(char: string): JsonPiece | undefined {
    this.text += char;
    if (this.escaped) this.escaped = false;
    else if (char === '\\') this.escaped = true;
    else if (char === '"') {
      this.inString = false;
      if (this.depth === 0) return this.cut();
    }
    return undefined;
  }

  private cut(): JsonPiece {
    const piece = { text: this.text, line: this.startLine };
    this.text = '';
    this.depth = 0;
    return piece;
  }

  private fault(sentence: string): CliError {
    return new CliError(`${this.where} is no JSON: ${sentence}`);
  }
}
