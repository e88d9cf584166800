/** What a test process is asked to do; passed as JSON in its first argument. */
export interface TestPlan {
  /** Absolute paths of compiled test files, loaded in this order. */
  readonly files: readonly string[];
  /** A regular expression that full titles must match. */
  readonly grep?: string;
  /** Default time limit of a test or hook; a suite may set its own. */
  readonly timeoutMs: number;
  /** Cases per property, where a test does not say; default: fast-check's 100. */
  readonly propertyRuns?: number;
}

/** One test, hook or file. */
export interface Where {
  /** Absolute path of the compiled file. */
  readonly file: string;
  /** Titles of the suites and the test, joined by ' › '. */
  readonly title: string;
}

/** What a test process tells its parent, one JSON line each, on file descriptor 3. */
export type TestEvent =
  | { readonly kind: 'loaded'; readonly total: number }
  /** A test or hook begins. `timeoutMs` is 0 when it set no limit. */
  | ({ readonly kind: 'begin'; readonly timeoutMs: number } & Where)
  | ({ readonly kind: 'pass'; readonly tookMs: number } & Where)
  | ({ readonly kind: 'fail'; readonly detail: string } & Where)
  /** `notice`: what the skipped test or suite printed about a server, `skipped: NAME: …` or `absent: NAME, …`. */
  | ({ readonly kind: 'skip'; readonly notice?: string } & Where)
  | ({ readonly kind: 'retry'; readonly detail: string } & Where)
  | { readonly kind: 'end' }
  /** Sent when the process lives on after its last test: what keeps it alive. */
  | { readonly kind: 'open'; readonly resources: readonly string[] };

/** File descriptor of the event pipe in the child. */
export const EVENT_FD = 3;
