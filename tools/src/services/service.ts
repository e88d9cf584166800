/** How a suite gets a server: by environment variables that the test runner sets for it. */
export interface Located {
  /** Variables for the suites, for example `{ CONSUL_BIN: '/…/consul' }`. */
  readonly env: Readonly<Record<string, string>>;
  /** What was found, for people: version and place. */
  readonly found: string;
}

/** What `install` may do. */
export interface InstallOptions {
  /** Progress, one line at a time. */
  readonly say: (line: string) => void;
  /** Whether packages may be installed system-wide; otherwise only the cache folder is written. */
  readonly systemWide: boolean;
}

/** A real server (or foreign peer) that integration tests run against. */
export interface Service {
  readonly name: string;
  /** `required`: npm or Debian packages provide it, and CI fails without it. `optional`: needs a toolchain that may be absent. */
  readonly class: 'required' | 'optional';
  /** The variable that tells a suite where it is. */
  readonly variable: string;
  /** Whether fetching takes minutes; then it happens only under CI=true or `--install-servers`. */
  readonly slow: boolean;
  /** Looks in the environment, on PATH and in the cache folder; fetches nothing. */
  locate(): Promise<Located | undefined>;
  /** Fetches it into the cache folder. @throws Error that says what is missing and what would help */
  install(options: InstallOptions): Promise<Located>;
}
