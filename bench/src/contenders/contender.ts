/** A server of one contender, listening on a loopback port. */
export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A client of one contender, connected. */
export interface RunningClient {
  /** One unary call; rejects when it fails. */
  call(): Promise<unknown>;
  close(): Promise<void>;
}

/** One way of doing the same call: same proto, same messages, same handler, same deadline and metadata. */
export interface Contender {
  readonly name: string;
  /** Package name and version of what is measured. */
  readonly versions: Readonly<Record<string, string>>;
  serve(): Promise<RunningServer>;
  connect(port: number): Promise<RunningClient>;
}
