import type { Origin, Status } from '@breakwater/core';
import type { Method } from '../method/method.js';
import { codecFailed, type PassedLimit, tooLarge } from './failures.js';

/** What became of a message on one part of its way. */
export type Carried<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly status: Status };

/** The two limits that a side has. */
export interface MessageLimits {
  readonly maxReceiveMessageBytes: number;
  readonly maxSendMessageBytes: number;
}

/**
 * One end of the way that messages take: serialized by the sender, parsed by the receiver, each within its own limits,
 * as on a wire. Nothing is shared between the two ends but bytes.
 */
export class MessagePath {
  /**
   * @param what the message, for error texts
   * @param side whose end and limits these are
   * @param origin of a failure at this end, as the caller sees it
   */
  constructor(
    private readonly what: string,
    private readonly side: PassedLimit['of'],
    private readonly limits: MessageLimits,
    private readonly origin: Origin,
  ) {}

  /** Failures: ENCODE_FAILED, MESSAGE_TOO_LARGE. */
  encode(codec: (message: unknown) => Uint8Array, message: unknown): Carried<Uint8Array> {
    let bytes: Uint8Array;
    try {
      bytes = codec(message);
    } catch (error) {
      return { ok: false, status: codecFailed('ENCODE_FAILED', this.what, this.origin, error) };
    }
    if (bytes.length <= this.limits.maxSendMessageBytes) return { ok: true, value: bytes };
    return { ok: false, status: tooLarge(this.what, bytes.length, this.limit('maxSendMessageBytes'), this.origin) };
  }

  /** Failures, all of origin `remote`: MESSAGE_TOO_LARGE, DECODE_FAILED. */
  decode(codec: (bytes: Uint8Array) => unknown, bytes: Uint8Array): Carried<unknown> {
    if (bytes.length > this.limits.maxReceiveMessageBytes) {
      return { ok: false, status: tooLarge(this.what, bytes.length, this.limit('maxReceiveMessageBytes'), 'remote') };
    }
    try {
      return { ok: true, value: codec(bytes) };
    } catch (error) {
      return { ok: false, status: codecFailed('DECODE_FAILED', this.what, 'remote', error) };
    }
  }

  private limit(option: keyof MessageLimits): PassedLimit {
    return { option, bytes: this.limits[option], of: this.side };
  }
}

/** The ends of both ways of a call. */
export class CallPaths {
  private readonly requestOut: MessagePath;
  private readonly requestIn: MessagePath;
  private readonly responseOut: MessagePath;
  private readonly responseIn: MessagePath;

  constructor(client: MessageLimits, server: MessageLimits) {
    this.requestOut = new MessagePath('the request message', 'this client', client, 'local');
    this.requestIn = new MessagePath('the request message', 'the server', server, 'remote');
    this.responseOut = new MessagePath('the response message', 'the server', server, 'remote');
    this.responseIn = new MessagePath('the response message', 'this client', client, 'remote');
  }

  sendRequest(method: Method, message: unknown): Carried<Uint8Array> {
    return this.requestOut.encode((one) => method.encodeRequest(one), message);
  }

  receiveRequest(method: Method, bytes: Uint8Array): Carried<unknown> {
    return this.requestIn.decode((one) => method.decodeRequest(one), bytes);
  }

  sendResponse(method: Method, message: unknown): Carried<Uint8Array> {
    return this.responseOut.encode((one) => method.encodeResponse(one), message);
  }

  receiveResponse(method: Method, bytes: Uint8Array): Carried<unknown> {
    return this.responseIn.decode((one) => method.decodeResponse(one), bytes);
  }
}
