/** PEM as a path to a file, or as bytes. Paths are read when the channel or listener is made. */
export type Pem = string | Uint8Array;

export interface ClientTls {
  /** Certificate authorities to trust; default: those that Node trusts. */
  readonly ca?: Pem | undefined;
  /** Client certificate chain and key, for mTLS: both or neither. */
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  /** Name to verify instead of the target's service name. */
  readonly serverName?: string | undefined;
}

export interface ServerTls {
  readonly cert: Pem;
  readonly key: Pem;
  /** When given, clients must present a certificate signed by one of these (mTLS). */
  readonly clientCa?: Pem | undefined;
}
