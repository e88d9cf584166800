import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderSink } from '../hpack/header-sink.js';
import { NAME } from '../hpack/known-names.js';
import { fieldProblem } from './field-rules.js';

/** @see RFC 9110, section 9.1 */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The head of a request as a server reads it. One object per connection, filled anew for every header block. */
export class RequestHead implements HeaderSink {
  method = '';
  scheme = '';
  authority = '';
  path = '';
  /** The table entry that the path came from: its memo can remember what is behind it. */
  pathField: HeaderField | undefined;
  contentType = '';
  timeout = '';
  encoding = '';
  contentLength = -1;
  /** All other fields: name, value, name, value. */
  entries: string[] | undefined;
  /** As RFC 9113 counts it. */
  listBytes = 0;
  /** Why the request is malformed, if it is. */
  problem: string | undefined;
  private regular = false;
  private pseudo = 0;

  /** @param maxBytes of the list; what the application would get beyond it is not kept */
  constructor(readonly maxBytes: number) {}

  get tooLarge(): boolean {
    return this.listBytes > this.maxBytes;
  }

  /** True when the block had pseudo headers, as a trailer block must not. */
  get hasPseudo(): boolean {
    return this.pseudo !== 0;
  }

  begin(): void {
    this.method = '';
    this.scheme = '';
    this.authority = '';
    this.path = '';
    this.pathField = undefined;
    this.contentType = '';
    this.timeout = '';
    this.encoding = '';
    this.contentLength = -1;
    this.entries = undefined;
    this.listBytes = 0;
    this.problem = undefined;
    this.regular = false;
    this.pseudo = 0;
  }

  onHeader(nameId: number, name: string, value: string, field: HeaderField | undefined): void {
    this.listBytes += name.length + value.length + 32;
    this.problem ??= fieldProblem(name, value, field);
    switch (nameId) {
      case NAME.method:
        this.onPseudo(1, name);
        this.method = value;
        return;
      case NAME.scheme:
        this.onPseudo(2, name);
        this.scheme = value;
        return;
      case NAME.authority:
        this.onPseudo(4, name);
        this.authority = value;
        return;
      case NAME.path:
        this.onPseudo(8, name);
        this.path = value;
        this.pathField = field;
        return;
      case NAME.status:
      case NAME.otherPseudo:
        this.problem ??= `the pseudo header ${name}`;
        return;
      case NAME.forbidden:
        this.problem ??= `the header ${name}, which belongs to HTTP/1.1`;
        return;
      default:
        this.regular = true;
        this.onRegular(nameId, name, value);
    }
  }

  /** Why this cannot be the head of a request. To be called once the block is complete. */
  requestProblem(): string | undefined {
    if (this.problem !== undefined) return this.problem;
    if (this.method === 'CONNECT') return undefined;
    if ((this.pseudo & 11) !== 11) return 'a request without :method, :scheme or :path';
    if (this.method !== 'POST' && !TOKEN.test(this.method)) return 'a :method that is no token';
    return this.path === '' ? 'an empty :path' : undefined;
  }

  private onRegular(nameId: number, name: string, value: string): void {
    switch (nameId) {
      case NAME.contentType:
        this.contentType = value;
        return;
      case NAME.te:
        if (value !== 'trailers') this.problem ??= 'the header te with another value than trailers';
        return;
      case NAME.grpcTimeout:
        this.timeout = value;
        return;
      case NAME.grpcEncoding:
        this.encoding = value;
        return;
      case NAME.contentLength:
        this.onContentLength(value);
        return;
      // Of the transport, not of the application.
      case NAME.grpcAcceptEncoding:
      case NAME.acceptEncoding:
        return;
      // What the transport itself needs is taken also from a list that is too large: its answer is a status of gRPC.
      default:
        if (!this.tooLarge) (this.entries ??= []).push(name, value);
    }
  }

  private onContentLength(value: string): void {
    const length = /^\d{1,15}$/.test(value) ? Number(value) : -1;
    if (length < 0 || (this.contentLength >= 0 && this.contentLength !== length)) {
      this.problem ??= 'a content-length that is none, or two of them';
    }
    this.contentLength = length;
  }

  private onPseudo(bit: number, name: string): void {
    if (this.regular) this.problem ??= `the pseudo header ${name} after a regular one`;
    if ((this.pseudo & bit) !== 0) this.problem ??= `two pseudo headers ${name}`;
    this.pseudo |= bit;
  }
}
