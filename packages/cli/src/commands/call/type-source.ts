import type { FileRegistry } from '@bufbuild/protobuf';

/** Where the types of a call come from: the server's reflection, or proto files. */
export interface TypeSource {
  /** For messages: `the server's reflection`, `payments.proto`. */
  readonly description: string;
  /** Full names of the services, in order. */
  services(): Promise<readonly string[]>;
  /**
   * Makes a symbol known, with everything it needs.
   * @returns the types known now; undefined when there is no such symbol
   */
  find(symbol: string): Promise<FileRegistry | undefined>;
}
