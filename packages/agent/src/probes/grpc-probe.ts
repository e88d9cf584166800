import { connect } from 'node:http2';
import type { ProbeResult } from '../catalog/check-runner.js';
import type { CheckKind } from '../catalog/records.js';
import type { Attempt } from './probe.js';

type GrpcCheck = Extract<CheckKind, { type: 'grpc' }>;

const SERVING_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * One `grpc.health.v1.Health/Check` by hand: passing when the answer is SERVING, critical for everything else. No gRPC
 * library is needed for a message of two bytes.
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function probeGrpc({ address, service, tls, verify }: GrpcCheck): Attempt {
  const label = `gRPC check ${service === '' ? address : `${address}/${service}`}`;
  const session = connect(`${tls ? 'https' : 'http'}://${address}`, tls ? { rejectUnauthorized: verify } : {});
  let settle: (result: ProbeResult) => void = () => {};
  const result = new Promise<ProbeResult>((resolve) => {
    settle = resolve;
  });
  const finish = (status: ProbeResult['status'], text: string): void => {
    settle({ status, output: `${label}: ${text}` });
    session.destroy();
  };
  session.on('error', (error) => finish('critical', error.message));
  session.on('close', () => finish('critical', 'connection closed'));
  const request = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  let received = 0;
  let httpStatus: number | undefined;
  let grpcStatus: string | undefined;
  let grpcMessage: string | undefined;
  const readStatus = (headers: Record<string, unknown>): void => {
    if (typeof headers['grpc-status'] === 'string') grpcStatus = headers['grpc-status'];
    if (typeof headers['grpc-message'] === 'string') grpcMessage = decodeMessage(headers['grpc-message']);
  };
  request.on('response', (headers) => {
    httpStatus = headers[':status'];
    readStatus(headers);
  });
  request.on('trailers', readStatus);
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > MAX_ANSWER_BYTES) finish('critical', 'answer too large');
    else chunks.push(chunk);
  });
  request.on('error', (error) => finish('critical', error.message));
  request.on('end', () => {
    if (httpStatus !== 200) return finish('critical', `HTTP status ${httpStatus}`);
    if (grpcStatus !== undefined && grpcStatus !== '0')
      return finish('critical', `rpc error: code = ${grpcStatus} desc = ${grpcMessage ?? ''}`);
    const serving = servingStatus(Buffer.concat(chunks));
    if (serving === 1) finish('passing', 'success');
    else
      finish('critical', serving === undefined ? 'unreadable answer' : `status ${SERVING_NAMES[serving] ?? serving}`);
  });
  request.end(encodeRequest(service));
  return { result, end: (reason) => finish('critical', reason) };
}

/** `HealthCheckRequest { string service = 1 }` behind the five bytes of gRPC's frame. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** `HealthCheckResponse { ServingStatus status = 1 }`; undefined when the bytes are something else. */
function servingStatus(frame: Buffer): number | undefined {
  if (frame.length < 5 || frame[0] !== 0 || frame.length !== 5 + frame.readUInt32BE(1)) return undefined;
  // An absent field is the enum's zero: UNKNOWN.
  if (frame.length === 5) return 0;
  return frame[5] === 0x08 && frame.length >= 7 ? frame[6] : undefined;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
