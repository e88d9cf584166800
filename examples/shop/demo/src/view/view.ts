/** Where the demo writes to: a terminal, or anything else that takes text. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What people see of the demo while it runs. */
export interface View {
  /** One thing that happened; stays visible. */
  event(text: string): void;
  /** Several lines that stay visible. */
  block(lines: readonly string[]): void;
  /** How it stands now; replaces what was shown before, or is not shown at all. */
  status(lines: readonly string[]): void;
  /** Takes the last status away. */
  close(): void;
}

/** A view that fits `output`. @param elapsedMs since the start of the demo */
export const createView = (output: Output, elapsedMs: () => number): View =>
  output.isTTY === true ? new TerminalView(output, elapsedMs) : new PlainView(output, elapsedMs);

const stamp = (elapsedMs: number): string => `${(elapsedMs / 1000).toFixed(1).padStart(6)}s`;

/** Lines and nothing else, for logs and pipes. */
class PlainView implements View {
  constructor(
    private readonly output: Output,
    private readonly elapsedMs: () => number,
  ) {}

  event(text: string): void {
    this.output.write(`${stamp(this.elapsedMs())}  ${text}\n`);
  }

  block(lines: readonly string[]): void {
    this.output.write(`${lines.join('\n')}\n`);
  }

  status(): void {}

  close(): void {}
}

const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const lineUp = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\r`);

/** Events scroll; below them a status block is drawn anew in place. */
class TerminalView implements View {
  private shown: readonly string[] = [];

  constructor(
    private readonly output: Output,
    private readonly elapsedMs: () => number,
  ) {}

  event(text: string): void {
    this.above([`\u001b[2m${stamp(this.elapsedMs())}\u001b[0m  ${text}`]);
  }

  block(lines: readonly string[]): void {
    this.above(lines);
  }

  status(lines: readonly string[]): void {
    const width = (this.output.columns ?? 80) - 1;
    // A line that wraps would take two rows, and the way back up would be too short.
    const cut = lines.map((line) => (line.length > width ? line.slice(0, width) : line));
    this.output.write(
      `${lineUp(this.shown.length)}${cut.map((line) => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_BELOW}`,
    );
    this.shown = cut;
  }

  close(): void {
    this.output.write(`${lineUp(this.shown.length)}${CLEAR_BELOW}`);
    this.shown = [];
  }

  private above(lines: readonly string[]): void {
    const status = this.shown;
    this.close();
    this.output.write(lines.map((line) => `${line}\n`).join(''));
    this.status(status);
  }
}
