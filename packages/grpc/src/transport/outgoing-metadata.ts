import { Metadata as GrpcMetadata, type MetadataValue as GrpcValue } from '@grpc/grpc-js';
import { MAX_TIMEOUT_MS, type Metadata } from '@breakwater/core';
import { toBuffer } from '@breakwater/rpc/transport-kit';

type Headers = Record<string, string | string[]>;

/** Told what becomes of the headers of a call: the one point at which grpc-js lets go of it. */
export interface DispatchObserver {
  /** The header block is handed to HTTP/2 now. */
  onDispatch(): void;
  /** grpc-js prepares an attempt; after `onDispatch` this means that the attempt before was refused or never started. */
  onPick(): void;
}

/** Node refuses these in HTTP/2, and grpc-js gives up the whole connection when Node refuses a header. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Node refuses more than one value of these. */
const SINGLE: ReadonlySet<string> = new Set(
  (
    'access-control-allow-credentials access-control-max-age access-control-request-method age authorization ' +
    'content-encoding content-language content-location content-md5 content-range content-type date dnt etag expires ' +
    'from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location ' +
    'max-forwards proxy-authorization range referer retry-after tk upgrade-insecure-requests user-agent ' +
    'x-content-type-options'
  ).split(' '),
);

/**
 * Our metadata in the form that grpc-js sends, for one call only: written once into the header object that HTTP/2
 * takes, and never cloned, where the base class builds a map, checks each entry and copies it three times per call.
 */
export class OutgoingMetadata extends GrpcMetadata {
  private readonly headers: Headers = {};
  /** Sum of the entries as HTTP/2 counts them: name + value + 32. */
  sizeBytes = 0;

  /**
   * @param observer for requests
   * @param compressed whether messages are compressed; else the announcement of an encoding is left out
   * @throws TypeError for a key that HTTP/2 does not allow, or repeated where it must not be
   */
  constructor(
    metadata: Metadata,
    private readonly observer?: DispatchObserver,
    private readonly compressed = true,
  ) {
    super();
    for (const [key, value] of metadata) {
      if (FORBIDDEN.has(key)) throw new TypeError(`metadata key "${key}" is not allowed in HTTP/2`);
      const text = typeof value === 'string' ? value : base64(toBuffer(value));
      this.sizeBytes += key.length + text.length + 32;
      const before = this.headers[key];
      if (before === undefined) this.headers[key] = text;
      else if (SINGLE.has(key)) throw new TypeError(`metadata key "${key}" may have only one value in HTTP/2`);
      else if (Array.isArray(before)) before.push(text);
      else this.headers[key] = [before, text];
    }
  }

  /** Sends the time left as `grpc-timeout`: whole ms, at least one. */
  setTimeout(leftMs: number): void {
    this.headers['grpc-timeout'] = `${Math.max(1, Math.ceil(Math.min(leftMs, MAX_TIMEOUT_MS)))}m`;
  }

  override set(key: string, value: GrpcValue): void {
    // The channel announces its algorithm on every call; this one may send its messages as they are.
    if (!this.compressed && key === 'grpc-encoding') return;
    this.headers[key] = typeof value === 'string' ? value : base64(value);
  }

  override add(key: string, value: GrpcValue): void {
    const before = this.headers[key];
    const text = typeof value === 'string' ? value : base64(value);
    this.headers[key] = before === undefined ? text : Array.isArray(before) ? [...before, text] : [before, text];
  }

  override remove(key: string): void {
    if (this.headers[key] !== undefined) delete this.headers[key];
  }

  override get(key: string): GrpcValue[] {
    const value = this.headers[key];
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  }

  override merge(other: GrpcMetadata): void {
    for (const [key, values] of Object.entries(other.toJSON())) for (const value of values) this.add(key, value);
  }

  override clone(): GrpcMetadata {
    this.observer?.onPick();
    return this;
  }

  override toHttp2Headers(): Headers {
    this.observer?.onDispatch();
    return this.headers;
  }

  override toJSON(): { [key: string]: GrpcValue[] } {
    return Object.fromEntries(Object.keys(this.headers).map((key) => [key, this.get(key)]));
  }

  override getMap(): { [key: string]: GrpcValue } {
    return Object.fromEntries(Object.keys(this.headers).map((key) => [key, this.get(key)[0] ?? '']));
  }
}

/** Without padding, as the protocol asks of senders. */
function base64(bytes: Buffer): string {
  const text = bytes.toString('base64');
  const rest = bytes.length % 3;
  return rest === 0 ? text : text.slice(0, rest - 3);
}
