/** What a transport on sockets may do differently without being wrong. */
export interface SocketFeatures {
  /** Whether it repeats a call that was refused by itself; else it says so, and the channel places it anew. Default false. */
  readonly repeatsRefused?: boolean;
  /** Whether its server insists on ALPN "h2", as RFC 9113 asks, or takes a TLS client that names no protocol. Default true. */
  readonly requiresAlpn?: boolean;
}
