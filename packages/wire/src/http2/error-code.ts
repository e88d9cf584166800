/** HTTP/2 error codes. @see RFC 9113, section 7 */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;

const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** Such as `ENHANCE_YOUR_CALM`; `error code 99` for one that no RFC knows. */
export const errorCodeName = (code: number): string => NAMES[code] ?? `error code ${code}`;

/** The peer broke a rule of the whole connection: it is told so with GOAWAY, and the connection is closed. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(
    /** One of `ErrorCode`. */
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
