import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderSink } from '../hpack/header-sink.js';
import { NAME } from '../hpack/known-names.js';
import { fieldProblem } from './field-rules.js';

/** The head or the trailers of a response as a client reads it. One object per connection, filled anew for every block. */
export class ResponseHead implements HeaderSink {
  /** HTTP status; 0 when there was none, as in trailers. */
  status = 0;
  contentType = '';
  encoding = '';
  grpcStatus = '';
  grpcMessage = '';
  contentLength = -1;
  /** All other fields: name, value, name, value. */
  entries: string[] | undefined;
  /** As RFC 9113 counts it. */
  listBytes = 0;
  /** Why the response is malformed, if it is. */
  problem: string | undefined;
  private regular = false;

  /** @param maxBytes of the list; what comes after it is not kept */
  constructor(readonly maxBytes: number) {}

  get tooLarge(): boolean {
    return this.listBytes > this.maxBytes;
  }

  begin(): void {
    this.status = 0;
    this.contentType = '';
    this.encoding = '';
    this.grpcStatus = '';
    this.grpcMessage = '';
    this.contentLength = -1;
    this.entries = undefined;
    this.listBytes = 0;
    this.problem = undefined;
    this.regular = false;
  }

  onHeader(nameId: number, name: string, value: string, field: HeaderField | undefined): void {
    this.listBytes += name.length + value.length + 32;
    if (this.listBytes > this.maxBytes) return;
    this.problem ??= fieldProblem(name, value, field);
    switch (nameId) {
      case NAME.status:
        this.onStatus(value);
        return;
      case NAME.path:
      case NAME.method:
      case NAME.scheme:
      case NAME.authority:
      case NAME.otherPseudo:
        this.problem ??= `the pseudo header ${name} in a response`;
        return;
      case NAME.forbidden:
        this.problem ??= `the header ${name}, which belongs to HTTP/1.1`;
        return;
      case NAME.contentType:
        this.contentType = value;
        break;
      case NAME.grpcEncoding:
        this.encoding = value;
        break;
      case NAME.grpcStatus:
        this.grpcStatus = value;
        break;
      case NAME.grpcMessage:
        this.grpcMessage = value;
        break;
      // Of the transport, not of the application.
      case NAME.grpcAcceptEncoding:
      case NAME.acceptEncoding:
      case NAME.date:
        break;
      case NAME.contentLength:
        this.contentLength = /^\d{1,15}$/.test(value) ? Number(value) : -1;
        break;
      default:
        (this.entries ??= []).push(name, value);
    }
    this.regular = true;
  }

  private onStatus(value: string): void {
    if (this.regular) this.problem ??= 'the pseudo header :status after a regular one';
    if (this.status !== 0) this.problem ??= 'two pseudo headers :status';
    if (value !== '200' && !/^[1-9]\d\d$/.test(value))
      this.problem ??= `the status ${JSON.stringify(value.slice(0, 20))}`;
    this.status = Number(value);
  }
}
